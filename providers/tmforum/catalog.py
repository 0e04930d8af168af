"""Reads a TMF620 catalogue: pages of offerings, and in pages too what they only refer to."""

import asyncio
import logging
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256

from gateway.contract import CatalogSnapshot, ContractBroken, ProductOffering
from gateway.kit import Answer, Area, Misshapen
from providers.tmforum.context import Reading
from providers.tmforum.listing import Listing, PageShelf, read_all
from providers.tmforum.offerings import References, is_sold, prices_needed, read_offering, specification_needed
from providers.tmforum.prices import DEPTH_LIMIT, price_parts_needed
from providers.tmforum.reading import Row, in_path, reference, text

# Part of each snapshot's version: raised when the same rows are read in another way.
READING = 2
OFFERINGS, SPECIFICATIONS, PRICES = "productOffering", "productSpecification", "productOfferingPrice"
# So few are read one by one, all others in pages.
FEW = 3
AT_ONCE = 8

_log = logging.getLogger(__name__)


class TmForumCatalog:
    """See contract.Catalog. Source: TMF620 v4.1 and v5.0."""

    def __init__(self, area: Area, reading: Reading) -> None:
        self._area = area
        self._reading = reading
        self._shelf = PageShelf()
        self._places = asyncio.Semaphore(AT_ONCE)

    async def snapshot(self, known_version: str | None) -> CatalogSnapshot | None:
        """Reads every page, sending the ETags of the last time; the version is a digest of all that was read."""
        offerings = await self._list(OFFERINGS)
        sold = [row for row in offerings.rows if is_sold(row, self._reading)]
        specifications, prices = await asyncio.gather(
            self._referred(SPECIFICATIONS, _present(specification_needed(row) for row in sold)),
            self._prices([price for row in sold for price in prices_needed(row)]),
        )
        version = self._version(sold, (offerings, specifications, prices))
        if version == known_version:
            return None
        references = References(_by_ref(specifications.rows), _by_ref(prices.rows))
        # Many rows take long, and meanwhile nobody else may have to wait.
        read = await asyncio.to_thread(self._read, sold, references)
        return CatalogSnapshot(self._reading.profile.slug, version, self._reading.now(), read)

    async def offering(self, ref: str) -> ProductOffering | None:
        """Reads the offering, and side by side what it refers to."""
        row = await self._area.find(f"{OFFERINGS}/{in_path(ref)}", Answer.row)
        if row is None:
            return None
        specifications, prices = await asyncio.gather(
            self._each(SPECIFICATIONS, _present([specification_needed(row)])), self._prices(prices_needed(row))
        )
        try:
            return read_offering(row, References(_by_ref(specifications), _by_ref(prices.rows)), self._reading)
        except Misshapen as error:
            raise self._broken(f"{OFFERINGS} {ref!r}: {error}") from None

    async def _list(self, path: str) -> Listing:
        return await read_all(self._area, path, self._reading.options.page_size, shelf=self._shelf)

    async def _prices(self, needed: Sequence[Row]) -> Listing:
        """The prices that are referred to, and those that bundles of prices among them refer to."""
        found = await self._referred(PRICES, needed)
        for _ in range(DEPTH_LIMIT):
            there = {text(row, "id") for row in found.rows}
            inner = [each for row in found.rows for each in price_parts_needed(row) if text(each, "id") not in there]
            if not inner:
                break
            more = await self._each(PRICES, inner)
            found = Listing((*found.rows, *more), found.is_complete, (*found.digests, *map(_digest, more)))
            if not more:
                break
        return found

    async def _referred(self, path: str, needed: Iterable[Row]) -> Listing:
        """The rows that are referred to: in pages, unless there are few; what the pages lack is read one by one."""
        wanted = {text(each, "id"): each for each in needed}
        listing = await self._list(path) if len(wanted) > FEW else Listing((), is_complete=True)
        there = {text(row, "id") for row in listing.rows}
        missing = [each for ref, each in wanted.items() if ref not in there]
        rows = await self._each(path, missing)
        digests = (*listing.digests, *map(_digest, rows))
        return Listing((*listing.rows, *rows), listing.is_complete, digests)

    async def _each(self, path: str, references: Sequence[Row]) -> list[Row]:
        """Reads these one by one, a few at once; those that do not exist are left out."""
        paths = dict.fromkeys(f"{path}/{in_path(reference(each))}" for each in references)
        if len(paths) > self._area.client.limits.of(self._area.capability).pages:
            raise self._broken(f"{len(paths)} of {path} are in no list")
        return _present(await asyncio.gather(*(self._one(each) for each in paths)))

    async def _one(self, path: str) -> Row | None:
        async with self._places:
            return await self._area.find(path, Answer.row)

    def _read(self, rows: Sequence[Row], references: References) -> tuple[ProductOffering, ...]:
        """Leaves out what can't be sold as it is described; a catalogue of nothing else makes no sense."""
        found: dict[str, ProductOffering] = {}
        for row in rows:
            try:
                offering = read_offering(row, references, self._reading)
            except Misshapen as error:
                _log.warning("%s: offering %.100r left out: %s", self._reading.profile.slug, row.get("id"), error)
                continue
            found[offering.ref] = offering
        if rows and not found:
            raise self._broken("no offering can be read")
        return tuple(found[ref] for ref in sorted(found))

    def _version(self, sold: Sequence[Row], listings: Iterable[Listing]) -> str:
        """Also of what is sold now: an offering comes and goes by the clock, without a change of the catalogue."""
        reading = self._reading
        own = (READING, reading.profile.roles, sorted(reading.options.categories.items()))
        content = (
            own,
            reading.options.prices_include_tax,
            sorted(reading.options.roles_by_category.items()),
            [text(row, "id") for row in sold],
            [listing.digests for listing in listings],
        )
        return sha256(repr(content).encode()).hexdigest()

    def _broken(self, detail: str) -> ContractBroken:
        return ContractBroken(self._reading.profile.slug, self._area.capability, detail)


def _present(rows: Iterable[Row | None]) -> list[Row]:
    return [row for row in rows if row is not None]


def _digest(row: Row) -> str:
    return sha256(repr(row).encode()).hexdigest()


def _by_ref(rows: Iterable[Row]) -> Mapping[str, Row]:
    return {str(row.get("id")): row for row in rows}
