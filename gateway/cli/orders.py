"""`gateway orders reconcile`: what we keep beside what the providers keep, while the gateway runs."""

import asyncio
import dataclasses
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from sqlalchemy import make_url

from gateway.cli.failures import as_refusals
from gateway.cli.refusal import Refusal
from gateway.cli.words import say
from gateway.domain.ordering.reconciliation import Difference
from gateway.federation.joining import spec_of, unsealed_connection
from gateway.federation.registry import ProviderSpec, open_registry
from gateway.ports import Storage
from gateway.ports.registrations import SealBroken
from gateway.settings import ProvidersConfig, Settings, read_providers_file, read_settings
from gateway.storage import MemoryWakeUps, SystemClock, open_storage
from gateway.storage.sealing import open_sealing
from gateway.usecases.reconciliation import ComparedProvider, reconcile

FORMATS = ("text", "json")
SAME, DIFFERENT, UNASKED = 0, 1, 2


def reconcile_orders(slug: str | None, file: Path | None, data: Path | None, form: str, wait_s: float) -> int:
    """Prints the report; 0 where nothing differs, 1 where something does, 2 where someone could not be asked.

    Raises: Refusal.
    """
    if form not in FORMATS:
        raise Refusal(f"there is no format {form!r}; there are: {', '.join(FORMATS)}", status=2)
    with as_refusals():
        settings = read_settings(data=data, providers=file)
        _check_database(settings)
        config = _config(settings)
        compared = asyncio.run(_compared(settings, config, slug, wait_s))
    if slug is not None and not compared:
        raise Refusal(f"no customer has an account at a provider {slug!r}", status=2)
    say(*(_json(compared) if form == "json" else _text(compared)))
    return _status(compared)


def _check_database(settings: Settings) -> None:
    """Nothing is made by a look. Raises: Refusal."""
    url = make_url(settings.database)
    if url.get_backend_name() == "sqlite" and not Path(url.database or "").exists():
        raise Refusal(f"there is no database {url.database}")


def _config(settings: Settings) -> ProvidersConfig:
    if settings.providers is None:
        return ProvidersConfig()
    return read_providers_file(settings.providers, settings.provider_limits)


async def _compared(
    settings: Settings, config: ProvidersConfig, slug: str | None, wait_s: float
) -> Sequence[ComparedProvider]:
    async with _opened(settings) as storage:
        specs = [*config.providers, *await _registered(settings, storage, {each.slug for each in config.providers})]
        wanted = [each for each in specs if slug in {None, each.slug}]
        async with open_registry(wanted, config.agreements, SystemClock()) as registry:
            return await reconcile(storage, registry, slug, lambda: asyncio.sleep(wait_s))


@asynccontextmanager
async def _opened(settings: Settings) -> AsyncIterator[Storage]:
    async with open_storage(settings.database, MemoryWakeUps(), SystemClock(), None) as storage:
        yield storage


async def _registered(settings: Settings, storage: Storage, configured: set[str]) -> list[ProviderSpec]:
    """Those that were registered at run time; one whose credentials can't be read is left out, so nobody can ask it."""
    async with storage.reading() as unit:
        serving = [each for each in await unit.registrations.serving() if each[0].slug not in configured]
    if not serving:
        return []
    sealing, found = open_sealing(settings.secrets_key, settings.keys_folder), []
    for registration, sealed in serving:
        try:
            found.append(spec_of(registration, unsealed_connection(sealing, sealed), settings.registered_limits))
        except SealBroken:
            continue
    return found


def _status(compared: Sequence[ComparedProvider]) -> int:
    if any(each.unasked for each in compared):
        return UNASKED
    return DIFFERENT if any(each.differences for each in compared) else SAME


def _text(compared: Sequence[ComparedProvider]) -> list[str]:
    lines = [_line(different) for each in compared for different in each.differences]
    lines += [f"{each.slug}  could not be asked for all of it: {each.unasked}" for each in compared if each.unasked]
    orders, products = sum(each.orders for each in compared), sum(each.products for each in compared)
    accounts, number = sum(each.accounts for each in compared), sum(len(each.differences) for each in compared)
    told = f"{len(compared)} providers, {accounts} accounts, {orders} orders, {products} products"
    return [*lines, f"{told}: {number} differences"]


def _line(each: Difference) -> str:
    line = f"{each.provider}  {each.kind}  {each.ref}  ours: {each.ours or 'none'}, theirs: {each.theirs or 'none'}"
    return f"{line}, party {each.party}" + (f", order {each.order_id}" if each.order_id else "")


def _json(compared: Sequence[ComparedProvider]) -> list[str]:
    return [json.dumps({"providers": [dataclasses.asdict(each) for each in compared]}, indent=2)]
