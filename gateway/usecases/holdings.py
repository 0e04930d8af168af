"""Asks every provider where the customer has an account, and lets no row of another party through."""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from typing import Protocol, TypeVar

from gateway.contract.provider import Provider
from gateway.domain.catalog.providers import ProviderProfile
from gateway.domain.errors import NotOffered
from gateway.domain.identity import provider_key
from gateway.federation.gather import Gathered, gather
from gateway.usecases.core import Core


class Row(Protocol):
    """What a provider keeps of a customer."""

    @property
    def ref(self) -> str: ...
    @property
    def party(self) -> str | None: ...
    @property
    def provider(self) -> ProviderProfile: ...


R = TypeVar("R", bound=Row)
C = TypeVar("C")
Parties = Mapping[str, Sequence[str]]


async def parties_of(core: Core, customer_id: str) -> Parties:
    """What the customer is called at each provider, by slug."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    async with core.storage.reading() as unit:
        for account in await unit.accounts.provider_accounts(customer_id):
            found[account.provider].append(account.ref)
    return found


async def ask_each(
    core: Core,
    parties: Parties,
    capability: Callable[[Provider], C | None],
    name: str,
    read: Callable[[C, str], Awaitable[Sequence[R]]],
) -> Gathered[tuple[R, ...]]:
    """The rows of all these accounts, each ref of a provider once; one that lacks the capability is not missed."""

    async def ask(provider: Provider) -> tuple[R, ...]:
        able = capability(provider)
        if able is None:
            raise NotOffered(provider.profile.slug, name)
        return await _own_rows(core, provider.profile.slug, name, parties[provider.profile.slug], able, read)

    providers = [found for slug in sorted(parties) if (found := core.directory.provider(slug)) is not None]
    return await gather(providers, ask, core.clock)


async def _own_rows(
    core: Core,
    slug: str,
    name: str,
    parties: Sequence[str],
    able: C,
    read: Callable[[C, str], Awaitable[Sequence[R]]],
) -> tuple[R, ...]:
    found: dict[str, R] = {}
    for party in parties:
        rows = await read(able, party)
        own = [row for row in rows if row.party in parties]
        if len(own) < len(rows):
            core.alarms.foreign_rows(slug, name, len(rows) - len(own))
        found.update((row.ref, row) for row in own)
    return tuple(found.values())


def flat(gathered: Gathered[tuple[R, ...]]) -> Iterable[R]:
    """The rows of all providers."""
    return (row for _, rows in gathered.rows for row in rows)


def refs_by_provider(type_name: str, ids: Iterable[str], slugs: Collection[str]) -> Mapping[str, Sequence[str]]:
    """The references in these global ids, by provider; those that are none, or of other providers, are left out."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for key in dict.fromkeys(provider_key(type_name, each) for each in ids):
        if key is not None and key[0] in slugs:
            found[key[0]].append(key[1])
    return found
