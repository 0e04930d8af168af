"""`gateway provider list` and `gateway provider check`: what is connected, and whether it answers."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from gateway.cli.failures import as_refusals
from gateway.cli.providers import known_providers
from gateway.cli.refusal import Refusal
from gateway.cli.words import say
from gateway.contract.provider import Provider
from gateway.domain.errors import ProviderError
from gateway.domain.parties import Address, Place
from gateway.federation.registry import ProviderSpec, open_registry
from gateway.storage import SystemClock

# Nobody's: a provider has nothing of theirs, and says so.
PARTY = "gateway-provider-check"
PLACE = Place(Address(street="Storgatan", house_number="1", postcode="11122", city="Stockholm", country="SE"))


def list_providers(file: Path | None, data: Path | None) -> int:
    """Prints a line for each. Raises: Refusal."""
    with as_refusals():
        config = known_providers(file, data)
    for spec in config.providers:
        say(f"{spec.slug:20} {spec.adapter:12} {spec.name:24} {', '.join(spec.roles)}")
    return 0


def check_provider(slug: str, file: Path | None, data: Path | None) -> int:
    """Prints a line for each capability; 1 when one that the provider has doesn't answer. Raises: Refusal."""
    with as_refusals():
        specs = {spec.slug: spec for spec in known_providers(file, data).providers}
        if slug not in specs:
            raise Refusal(f"there is no provider {slug!r}; there are: {', '.join(sorted(specs)) or 'none'}", status=2)
        return asyncio.run(_check(specs[slug]))


async def _check(spec: ProviderSpec) -> int:
    async with open_registry([spec], [], SystemClock()) as registry:
        failure = registry.failure(spec.slug)
        if failure is not None:
            say(f"{spec.slug}: can't be reached: {failure}")
            return 1
        provider = registry.provider(spec.slug)
        assert provider is not None  # noqa: S101
        return await _ask_all(provider)


async def _ask_all(provider: Provider) -> int:
    outcomes = [await _ask(name, question) for name, question in _questions(provider).items()]
    lacking = [name for name in ("catalog", "qualification", "ordering", "inventory", "billing", "events")
               if name not in provider.capabilities]  # fmt: skip
    if lacking:
        say(f"lacks   {', '.join(lacking)}")
    return 0 if all(outcomes) else 1


async def _ask(name: str, question: Callable[[], Awaitable[str]]) -> bool:
    started = time.perf_counter()
    try:
        answer = await question()
    except ProviderError as error:
        say(f"failed  {name:14} {error.code} {error.detail}".rstrip())
        return False
    say(f"ok      {name:14} {answer}, {1000 * (time.perf_counter() - started):.0f} ms")
    return True


def _questions(provider: Provider) -> dict[str, Callable[[], Awaitable[str]]]:
    """A question that changes nothing, for each capability that the provider has."""
    catalog, qualification, ordering = provider.catalog, provider.qualification, provider.ordering
    inventory, billing = provider.inventory, provider.billing
    refs: list[str] = []

    async def ask_catalog() -> str:
        snapshot = await catalog.snapshot(None) if catalog else None
        offerings = snapshot.offerings if snapshot else ()
        refs.extend(each.ref for each in offerings[:1])
        return f"{len(offerings)} offerings"

    async def ask_qualification() -> str:
        answers = await qualification.qualify(refs or [PARTY], PLACE) if qualification else ()
        return f"{len(answers)} answers"

    async def ask_ordering() -> str:
        found = await ordering.find(PARTY) if ordering else None
        return "no order by an unknown key" if found is None else "an order by an unknown key"

    async def ask_inventory() -> str:
        return f"{len(await inventory.products(PARTY)) if inventory else 0} products of nobody"

    async def ask_billing() -> str:
        return f"{len(await billing.bills(PARTY)) if billing else 0} bills of nobody"

    asked = {
        "catalog": ask_catalog,
        "qualification": ask_qualification,
        "ordering": ask_ordering,
        "inventory": ask_inventory,
        "billing": ask_billing,
    }
    return {name: question for name, question in asked.items() if name in provider.capabilities}
