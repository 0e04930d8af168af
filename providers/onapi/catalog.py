"""The catalogue: the services that the network lists at any access, sold as the options say."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from hashlib import sha256

from gateway.contract import CatalogSnapshot, ContractBroken, ProductOffering
from gateway.kit import Area
from providers.onapi.changes import ChangingList
from providers.onapi.context import Reading
from providers.onapi.forms import FormBook
from providers.onapi.offerings import offering_of
from providers.onapi.reading import Row, text
from providers.onapi.services import is_sold, services_of


class OnApiCatalog:
    """See contract.Catalog. Source: ON-API 2.6, services."""

    def __init__(self, area: Area, reading: Reading) -> None:
        self._area = area
        self._reading = reading
        self._list = ChangingList("services/", reading.now, self._take, self._clear)
        self._at: dict[str, frozenset[str]] = {}
        self._listed: Counter[str] = Counter()
        self._forms = FormBook()

    async def snapshot(self, known_version: str | None) -> CatalogSnapshot | None:
        """Reads what changed; the version is a digest of the offerings."""
        await self._list.catch_up(self._area)
        self._check_size()
        names = sorted(name for name, places in self._listed.items() if places and is_sold(name, self._reading))
        offerings, version = await asyncio.to_thread(self._made, names)
        if version == known_version:
            return None
        return CatalogSnapshot(self._reading.profile.slug, version, self._reading.now(), offerings)

    async def offering(self, ref: str) -> ProductOffering | None:
        """One that is at no access any more is there, and not sold."""
        await self._list.catch_up(self._area)
        if ref not in self._listed or not is_sold(ref, self._reading):
            return None
        return self._offering(ref)

    def _check_size(self) -> None:
        most = self._area.client.limits.of(self._area.capability).rows
        if len(self._listed) > most:
            # Those that are at no access any more go first.
            self._listed = +self._listed
        if len(self._listed) > most:
            raise ContractBroken(self._reading.profile.slug, self._area.capability, f"more than {most} services")

    def _made(self, names: Sequence[str]) -> tuple[tuple[ProductOffering, ...], str]:
        offerings = tuple(self._offering(name) for name in names)
        return offerings, sha256(repr(offerings).encode()).hexdigest()

    def _offering(self, name: str) -> ProductOffering:
        return offering_of(name, self._listed[name] > 0, self._forms.fields(name), self._reading)

    def _clear(self) -> None:
        """What was ever listed stays known."""
        self._at.clear()
        self._listed = Counter(dict.fromkeys(self._listed, 0))

    def _take(self, row: Row) -> None:
        access_id = text(row, "accessId") or ""
        names = frozenset(each.service for each in services_of(row, self._reading))
        self._listed.subtract(self._at.get(access_id, frozenset()))
        self._listed.update(names)
        self._at[access_id] = names
        self._forms.take(row)
