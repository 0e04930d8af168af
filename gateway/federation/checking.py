"""What a check is: a question to a provider, which keeps the contract or does not."""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, fields, is_dataclass
from datetime import datetime
from typing import Any, Generic, NoReturn, TypeVar

from gateway.contract.provider import Provider
from gateway.domain.catalog.offerings import CatalogSnapshot, ProductOffering
from gateway.domain.errors import ProviderError
from gateway.domain.parties import Address, Place

# Nobody's: a provider has nothing of theirs, and says so.
PARTY = "gateway-provider-check"
PLACE = Place(Address(street="Storgatan", house_number="1", postcode="11122", city="Stockholm", country="SE"))
NOWHERE = "there is/no such % thing"
"""A reference that nobody has, of characters that an address must encode."""

S = TypeVar("S")
T = TypeVar("T")


class Unkept(Exception):
    """The provider does not keep the contract.

    `detail` is ours alone; `about` is what it concerns in the provider's own words, which no partner is shown.
    """

    def __init__(self, detail: str, *about: object) -> None:
        super().__init__(detail)
        self.detail = detail
        self.about = ", ".join(str(each)[:200] for each in about[:5])


class Lacking(Exception):
    """The check has nothing to ask: what it is about is not there, or was not declared."""


@dataclass(frozen=True, slots=True)
class Check(Generic[S]):
    """One promise. `ask` says what it found, and raises Unkept, Lacking or ProviderError.

    `needs` are the capabilities without which there is nothing to check, `mend` is what to do when it fails. One that
    `changes` leaves something at the provider.
    """

    name: str
    needs: tuple[str, ...]
    mend: str
    ask: Callable[[S], Awaitable[str]]
    changes: bool = False

    @property
    def promise(self) -> str:
        """What is checked, in one sentence."""
        return " ".join((self.ask.__doc__ or "").split())


def check(
    name: str, mend: str, needs: Sequence[str] | None = None, *, changes: bool = False
) -> Callable[[Callable[[S], Awaitable[str]]], Check[S]]:
    """Makes a function a check, which needs the capability that its name begins with unless told."""
    needed = (name.partition(".")[0],) if needs is None else tuple(needs)
    return lambda ask: Check(name, needed, mend, ask, changes)


def required(found: T | None) -> T:
    """What must be there, such as a capability that the check needs. Raises: Lacking."""
    if found is None:
        raise Lacking
    return found


def unless(kept: object, detail: str, *about: object) -> None:
    """Raises: Unkept where it is not so."""
    if not kept:
        raise Unkept(detail, *about)


def missing(what: str) -> NoReturn:
    """Raises: Lacking, with what could be declared."""
    raise Lacking(what)


class Subject:
    """The provider that is asked. Its catalogue is read once, for all checks of it."""

    def __init__(self, provider: Provider, party: str = PARTY, place: Place = PLACE) -> None:
        self.provider = provider
        self.party = party
        self.place = place
        self._snapshot: CatalogSnapshot | None = None
        self._failure: ProviderError | None = None

    @property
    def slug(self) -> str:
        """The provider's slug."""
        return self.provider.profile.slug

    async def snapshot(self) -> CatalogSnapshot:
        """The whole catalogue. Raises: Unkept where there is none, Unavailable, ContractBroken (the same each time)."""
        if self._failure is not None:
            raise self._failure
        try:
            self._snapshot = self._snapshot or await required(self.provider.catalog).snapshot(None)
        except ProviderError as error:
            self._failure = error.bare()
            raise self._failure from None
        if self._snapshot is None:
            raise Unkept("the catalogue was asked for without a version, and answered that nothing has changed")
        return self._snapshot

    async def offerings(self) -> Sequence[ProductOffering]:
        """All of the catalogue, which can't be told from an unread one while it is empty. Raises: as `snapshot`."""
        found = (await self.snapshot()).offerings
        unless(found, "the catalogue has no offering")
        return found


def naive_moments(found: Any, path: str = "") -> Iterator[str]:
    """Where in a record a moment has no offset."""
    if isinstance(found, datetime):
        if found.tzinfo is None:
            yield path
    elif is_dataclass(found):
        for each in fields(found):
            yield from naive_moments(getattr(found, each.name), f"{path}.{each.name}".lstrip("."))
    elif isinstance(found, tuple | list | frozenset):
        for part in found:
            yield from naive_moments(part, path)


def unless_offsets(*found: Any) -> None:
    """Raises: Unkept for a moment without an offset."""
    unset = sorted({where for each in found for where in naive_moments(each)})
    unless(not unset, f"moments without an offset: {', '.join(unset)}")
