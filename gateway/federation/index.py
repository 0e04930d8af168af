"""The combined catalogue, prepared for search: folded texts and sort keys are made once for each snapshot."""

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from gateway.domain.catalog.offerings import CatalogSnapshot, ProductOffering
from gateway.domain.catalog.prices import OneTimePrice, RecurringPrice

Key = tuple[str | int | Decimal, ...]

_MONTHS = {"Y": Decimal(12), "M": Decimal(1), "W": Decimal(12) / 52, "D": Decimal(12) / 365}
_PERIOD = re.compile(r"P(\d{1,4})([YMWD])")


class Order(StrEnum):
    """The total orders of the index; ties by provider and ref.

    CATALOG: by provider and ref alone. NAME: by the name without case and accents. PRICE: priced ones first, by
    currency, then by the lowest unconditional recurring amount brought to a month; without one, by the first one-time
    amount.
    """

    CATALOG = "CATALOG"
    NAME = "NAME"
    PRICE = "PRICE"


def fold(text: str) -> str:
    """Without case, accents and repeated blanks, in no particular language."""
    plain = "".join(char for char in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(char))
    return " ".join(plain.split())


@dataclass(frozen=True, slots=True)
class Entry:
    """An offering with what search and order need of it."""

    offering: ProductOffering
    name: str
    name_words: tuple[str, ...]
    text: str
    slugs: frozenset[str]
    keys: dict[Order, Key]

    def rank(self, query: str, words: Sequence[str]) -> int | None:
        """How well it matches: 0 the name begins with the query, 1 each word begins a word of the name, 2 each word is
        somewhere in its text, None not at all."""
        if not all(word in self.text for word in words):  # The text holds the name too: a quick no for most entries.
            return None
        if self.name.startswith(query):
            return 0
        return 1 if all(any(each.startswith(word) for each in self.name_words) for word in words) else 2


def monthly(price: RecurringPrice) -> Decimal:
    """The amount for a month; for a period that can't be read, the amount as it is."""
    found = _PERIOD.fullmatch(price.period)
    if found is None or int(found[1]) == 0:
        return price.amount.amount
    return price.amount.amount / (int(found[1]) * _MONTHS[found[2]])


def _price_key(offering: ProductOffering) -> Key:
    recurring = [each for each in offering.prices if isinstance(each, RecurringPrice) and not each.conditions]
    if recurring:
        lowest = min(recurring, key=lambda each: (each.amount.currency, monthly(each)))
        return (0, lowest.amount.currency, monthly(lowest))
    once = next((each for each in offering.prices if isinstance(each, OneTimePrice)), None)
    return (0, once.amount.currency, once.amount.amount) if once else (1, "", Decimal(0))


def entry_of(offering: ProductOffering) -> Entry:
    """Prepares one offering."""
    name = fold(offering.name)
    tie: Key = (offering.provider.slug, offering.ref)
    texts = [offering.name, offering.description or "", offering.provider.name, offering.search_text]
    texts.extend(category.name for category in offering.categories)
    keys = {Order.CATALOG: tie, Order.NAME: (name, *tie), Order.PRICE: (*_price_key(offering), *tie)}
    return Entry(offering, name, tuple(name.split()), fold(" ".join(texts)), offering.category_slugs, keys)


def entries_of(snapshot: CatalogSnapshot) -> tuple[Entry, ...]:
    """The sold offerings of a snapshot, prepared."""
    return tuple(entry_of(offering) for offering in snapshot.offerings if offering.is_sellable)


def _sorted(entries: Iterable[Entry], order: Order) -> list[Entry]:
    return sorted(entries, key=lambda entry: entry.keys[order])


class CatalogIndex:
    """Every sold offering of every snapshot, in each order. Immutable: a refresh makes a new one.

    `hidden` are those of suspended providers: found by their ids, and in no list.
    """

    def __init__(self, entries: Iterable[Entry] = (), hidden: Iterable[Entry] = ()) -> None:
        found = list(entries)
        self._rows = {order: _sorted(found, order) for order in Order}
        self._keys = {order: [entry.keys[order] for entry in rows] for order, rows in self._rows.items()}
        self._by_id = {entry.offering.id: entry.offering for entry in [*found, *hidden]}
        self.offerings = tuple(entry.offering for entry in self._rows[Order.CATALOG])

    def get(self, offering_id: str) -> ProductOffering | None:
        """The offering of that global id."""
        return self._by_id.get(offering_id)

    def walk(self, order: Order, after: Key | None = None) -> Iterator[Entry]:
        """The entries in that order, from behind that key on; finds the place without a scan."""
        rows = self._rows[order]
        start = 0 if after is None else bisect_right(self._keys[order], after)
        for position in range(start, len(rows)):
            yield rows[position]
