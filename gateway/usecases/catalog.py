"""The catalogue of every provider: browsed and found in the snapshots, its form read at the provider."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from gateway.domain.catalog.forms import OrderForm
from gateway.domain.catalog.offerings import ProductOffering
from gateway.domain.catalog.providers import ProviderProfile, ProviderRole
from gateway.domain.errors import Problem, ProviderError, RequestError
from gateway.domain.identity import provider_key
from gateway.domain.paging import Edge, Page, checked_first, page_of
from gateway.domain.parties import Place
from gateway.federation.index import Entry, Key, Order, fold
from gateway.usecases.core import Core
from gateway.usecases.cursors import CursorWriter, listing_of, merged, read_position
from gateway.usecases.qualification import QualificationAnswer, qualify_offerings

__all__ = [
    "OfferingFilter",
    "OfferingSort",
    "QualificationAnswer",
    "browse_offerings",
    "find_offering",
    "list_providers",
    "order_form",
    "qualify_offerings",
    "read_offering",
]

FILTER_VALUES = 100
FILTER_TEXT_LENGTH = 200

_SHAPES: dict[Order | None, tuple[type[str] | type[int] | type[Decimal], ...]] = {
    None: (int, str, str),
    Order.CATALOG: (str, str),
    Order.NAME: (str, str, str),
    Order.PRICE: (int, str, Decimal, str, str),
}


class OfferingSort(StrEnum):
    """In which order offerings are listed; each is total, with ties by provider and the provider's own reference.

    RELEVANCE: with a text, those whose name begins with it, then those with each word at the beginning of a word of the
    name, then the rest; without a text by provider and reference. NAME: without case and accents. PRICE: by currency,
    then the lowest recurring price of a month, without one the one-time price; those without a price last.
    """

    RELEVANCE = "RELEVANCE"
    NAME = "NAME"
    PRICE = "PRICE"


@dataclass(frozen=True, slots=True)
class OfferingFilter:
    """Which offerings: all that is given must hold; of a list, one value. An empty list matches nothing, None all."""

    text: str | None = None
    provider_ids: Sequence[str] | None = None
    roles: Sequence[ProviderRole] | None = None
    categories: Sequence[str] | None = None
    is_bundle: bool | None = None


class _Match:
    """A filter, prepared once for all offerings."""

    def __init__(self, wanted: OfferingFilter) -> None:
        self._providers = _set(wanted.provider_ids)
        self._roles = _set(wanted.roles)
        self._categories = _set(wanted.categories)
        self._is_bundle = wanted.is_bundle
        self.query = fold(wanted.text or "")
        self._words = self.query.split()
        self.name = listing_of(
            *map(_sorted, (self._providers, self._roles, self._categories)), self._is_bundle, self.query
        )

    def rank(self, entry: Entry) -> int | None:
        """How well an entry matches, best 0; None where it does not."""
        offering = entry.offering
        if self._is_bundle is not None and offering.is_bundle is not self._is_bundle:
            return None
        if self._providers is not None and offering.provider.id not in self._providers:
            return None
        if self._roles is not None and offering.role not in self._roles:
            return None
        if self._categories is not None and self._categories.isdisjoint(entry.slugs):
            return None
        return entry.rank(self.query, self._words) if self.query else 0


def browse_offerings(
    core: Core, wanted: OfferingFilter, sort: OfferingSort, first: int | None = None, after: str | None = None
) -> Page[ProductOffering]:
    """One page of the offerings in the snapshots; never waits for a provider.

    Raises: RequestError PAGE_SIZE, BAD_CURSOR, TOO_LONG, TOO_MANY_VALUES.
    """
    count = checked_first(first)
    _check(wanted)
    match = _Match(wanted)
    order = None if sort is OfferingSort.RELEVANCE and match.query else _order_of(sort)
    listing = listing_of("offerings", sort, match.name)
    start = read_position(after, listing, _SHAPES[order], core.directory)
    unavailable = merged(start.unavailable, core.offerings.unavailable())
    found = (
        _ranked(core, match, start.key, count + 1)
        if order is None
        else _walked(core, match, order, start.key, count + 1)
    )
    writer = CursorWriter(listing, unavailable)
    edges = [Edge(writer.write(key), entry.offering) for key, entry in found[:count]]
    return page_of(edges, len(found) > count, unavailable)


def find_offering(core: Core, offering_id: str) -> ProductOffering | None:
    """The offering of that global id in the snapshots; None for one unknown or withdrawn."""
    return core.offerings.get(offering_id)


async def read_offering(core: Core, offering_id: str) -> ProductOffering | None:
    """The offering as its provider has it now; None where there is none, or no such provider.

    Raises: ProviderError.
    """
    found = provider_key("ProductOffering", offering_id)
    provider = core.directory.provider(found[0]) if found else None
    if found is None or provider is None or provider.catalog is None:
        return None
    return await provider.catalog.offering(found[1])


async def order_form(core: Core, offering_id: str, place: Place | None = None) -> OrderForm | None:
    """The form to fill in, read at the provider now; None for an unknown offering, or a provider that does not answer.

    `place` is where it is to be delivered; TMF620 v4 describes no form that differs by place, so it is not sent.
    """
    try:
        offering = await read_offering(core, offering_id)
    except ProviderError:
        return None
    return OrderForm(offering.fields) if offering is not None and offering.is_sellable else None


def list_providers(core: Core, first: int | None = None, after: str | None = None) -> Page[ProviderProfile]:
    """The providers by slug. Raises: RequestError PAGE_SIZE, BAD_CURSOR."""
    count = checked_first(first)
    listing = listing_of("providers")
    start = read_position(after, listing, (str,), core.directory).key
    profiles = [each.profile for each in core.directory.providers() if start is None or (each.profile.slug,) > start]
    writer = CursorWriter(listing, ())
    edges = [Edge(writer.write((each.slug,)), each) for each in profiles[:count]]
    return page_of(edges, len(profiles) > count)


def _order_of(sort: OfferingSort) -> Order:
    return Order.CATALOG if sort is OfferingSort.RELEVANCE else Order(sort)


def _walked(core: Core, match: _Match, order: Order, after: Key | None, limit: int) -> list[tuple[Key, Entry]]:
    found: list[tuple[Key, Entry]] = []
    for entry in core.offerings.index().walk(order, after):
        if match.rank(entry) is not None:
            found.append((entry.keys[order], entry))
            if len(found) == limit:
                break
    return found


def _ranked(core: Core, match: _Match, after: Key | None, limit: int) -> list[tuple[Key, Entry]]:
    ranks = ((match.rank(entry), entry) for entry in core.offerings.index().walk(Order.CATALOG))
    keyed = [((rank, *entry.keys[Order.CATALOG]), entry) for rank, entry in ranks if rank is not None]
    found: list[tuple[Key, Entry]] = [pair for pair in keyed if after is None or pair[0] > after]
    return sorted(found, key=lambda pair: pair[0])[:limit]


def _check(wanted: OfferingFilter) -> None:
    problems = [
        Problem("TOO_MANY_VALUES", ("filter", name), {"maximum": str(FILTER_VALUES)})
        for name, values in (
            ("providerIds", wanted.provider_ids),
            ("roles", wanted.roles),
            ("categories", wanted.categories),
        )
        if values is not None and len(values) > FILTER_VALUES
    ]
    if len(wanted.text or "") > FILTER_TEXT_LENGTH:
        problems.append(Problem("TOO_LONG", ("filter", "text"), {"maximum": str(FILTER_TEXT_LENGTH)}))
    if problems:
        raise RequestError(*problems)


def _set(values: Iterable[str] | None) -> frozenset[str] | None:
    return None if values is None else frozenset(values)


def _sorted(values: frozenset[str] | None) -> list[str] | None:
    return None if values is None else sorted(values)
