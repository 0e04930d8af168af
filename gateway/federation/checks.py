"""Asks a provider, by questions that change nothing, whether it keeps the contract."""

from collections.abc import AsyncIterator, Awaitable, Callable

from gateway.contract.provider import CAPABILITIES, Provider
from gateway.domain.errors import ProviderError
from gateway.domain.parties import Address, Place
from gateway.domain.registrations import CheckOutcome, CheckResult

# Nobody's: a provider has nothing of theirs, and says so.
PARTY = "gateway-provider-check"
PLACE = Place(Address(street="Storgatan", house_number="1", postcode="11122", city="Stockholm", country="SE"))

Question = Callable[[Provider, list[str]], Awaitable[str]]


async def check_reads(provider: Provider) -> AsyncIterator[CheckOutcome]:
    """One outcome after the other, as they come: each capability's, a lacking one's too. Raises nothing.

    `detail` says how much was found, or the error's code and what of the contract was broken.
    """
    refs: list[str] = []
    for name in CAPABILITIES:
        question = _QUESTIONS.get(name)
        if name not in provider.capabilities:
            yield CheckOutcome(name, CheckResult.LACKING)
        elif question is not None:
            yield await _outcome(name, question(provider, refs))


async def _outcome(name: str, answer: Awaitable[str]) -> CheckOutcome:
    try:
        return CheckOutcome(name, CheckResult.PASSED, await answer)
    except ProviderError as error:
        return CheckOutcome(name, CheckResult.FAILED, error.code)


async def _catalog(provider: Provider, refs: list[str]) -> str:
    snapshot = await provider.catalog.snapshot(None) if provider.catalog else None
    offerings = snapshot.offerings if snapshot else ()
    refs.extend(each.ref for each in offerings[:1])
    return f"{len(offerings)} offerings"


async def _qualification(provider: Provider, refs: list[str]) -> str:
    answers = await provider.qualification.qualify(refs or [PARTY], PLACE) if provider.qualification else ()
    return f"{len(answers)} answers"


async def _ordering(provider: Provider, _: list[str]) -> str:
    found = await provider.ordering.find(PARTY) if provider.ordering else None
    return "no order by an unknown key" if found is None else "an order by an unknown key"


async def _inventory(provider: Provider, _: list[str]) -> str:
    return f"{len(await provider.inventory.products(PARTY)) if provider.inventory else 0} products of nobody"


async def _billing(provider: Provider, _: list[str]) -> str:
    return f"{len(await provider.billing.bills(PARTY)) if provider.billing else 0} bills of nobody"


async def _polled_events(provider: Provider, _: list[str]) -> str:
    found = await provider.polled_events.since(None) if provider.polled_events else None
    return "a mark to begin from" if found and found.mark else "no mark"


_QUESTIONS: dict[str, Question] = {
    "catalog": _catalog,
    "qualification": _qualification,
    "ordering": _ordering,
    "inventory": _inventory,
    "billing": _billing,
    "polled_events": _polled_events,
}
