"""A gateway's core beside the six operators of the simulator over real HTTP, with a customer and its manager."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp

from gateway.contract import Limits, ProviderRole
from gateway.domain.catalog.offerings import ProductOffering
from gateway.domain.errors import RequestError
from gateway.domain.ordering.bundles import Bundle, BundleItem
from gateway.domain.parties import (
    Address,
    Agreement,
    Caller,
    Place,
)
from gateway.federation.projection import Projection, open_projection
from gateway.federation.registry import ProviderSpec, open_registry
from gateway.ports import Storage
from gateway.storage import MemoryWakeUps, open_storage
from gateway.usecases import bundles
from gateway.usecases.catalog import OfferingFilter, OfferingSort, browse_offerings
from gateway.usecases.core import Core
from providers.simulator.market import market
from providers.simulator.serving import run_operators
from providers.tmforum import connect
from tests.clock import SettableClock
from tests.samples import an_account

PLACE = Place(Address("Storgatan", "11122", "Stockholm", "SE", "1"))
NOWHERE = Place(Address("Storgatan", "99999", "Kiruna", "SE", "1"))
QUICK = Limits(read_timeout_s=2.0, read_tries=1)


@dataclass(frozen=True)
class World:
    """The parts, and short ways to what the tests do again and again."""

    core: Core
    clock: SettableClock
    projection: Projection
    urls: Mapping[str, str]
    maria: Caller
    stranger: Caller

    def offering(self, slug: str, ref: str) -> ProductOffering:
        """The offering of that provider with that reference."""
        return next(each for each in self.core.offerings.all() if (each.provider.slug, each.ref) == (slug, ref))

    def found(self, sort: OfferingSort = OfferingSort.RELEVANCE, **wanted: Any) -> list[ProductOffering]:
        """All that match, page by page."""
        rows: list[ProductOffering] = []
        after: str | None = None
        while True:
            page = browse_offerings(self.core, OfferingFilter(**wanted), sort, 17, after)
            rows.extend(edge.node for edge in page.edges)
            after = page.page_info.end_cursor
            if not page.page_info.has_next_page:
                return rows

    async def new(self, offering: ProductOffering | None = None, place: Place | None = PLACE) -> Bundle:
        """A new bundle of Maria's."""
        given = bundles.CreateBundle(offering_id=offering.id if offering else None, place=place)
        return await bundles.create_bundle(self.core, self.maria, given)

    async def add(self, bundle: Bundle, offering: ProductOffering, **more: Any) -> tuple[Bundle, BundleItem]:
        """Adds an item to it."""
        given = bundles.AddBundleItem(bundle_id=bundle.id, offering_id=offering.id, **more)
        return await bundles.add_bundle_item(self.core, self.maria, given)

    async def fill_in(
        self, bundle: Bundle, item: BundleItem, **values: str | Sequence[str]
    ) -> tuple[Bundle, BundleItem]:
        """Fills in fields of an item."""
        fields = tuple((key, (given,) if isinstance(given, str) else tuple(given)) for key, given in values.items())
        given = bundles.ConfigureBundleItem(bundle_id=bundle.id, item_id=item.id, fields=fields)
        return await bundles.configure_bundle_item(self.core, self.maria, given)

    async def stored(self, bundle: Bundle) -> Bundle:
        """The bundle as it is kept."""
        found = await bundles.find_bundle(self.core, self.maria, bundle.id)
        assert found is not None
        return found

    async def candidates(self, bundle: Bundle, role: ProviderRole) -> dict[tuple[str, str], bundles.Candidate]:
        """All candidates of a role, by provider and reference."""
        page = await bundles.list_candidates(self.core, self.maria, bundle, role, 100)
        return {(edge.node.offering.provider.slug, edge.node.offering.ref): edge.node for edge in page.edges}

    async def fault(self, slug: str, **rule: Any) -> None:
        """Tells an operator to fail."""
        address = self.urls[slug].removesuffix("/tmf-api") + "/_control/faults"
        async with aiohttp.ClientSession() as session, session.post(address, json=rule) as response:
            assert response.status == 201


async def manager(storage: Storage, username: str) -> Caller:
    """A manager of a new customer."""
    account = an_account(username, None)
    async with storage.writing() as unit:
        assert await unit.accounts.add(account)
        actor = await unit.accounts.actor(account.actor_id)
    assert actor is not None
    return Caller(actor)


def specs(urls: Mapping[str, str]) -> list[ProviderSpec]:
    """The operators of these addresses as providers."""
    return [
        ProviderSpec(
            entry.slug,
            entry.name,
            tuple(ProviderRole(role) for role in entry.roles),
            "tmforum",
            {"url": urls[entry.slug]},
            QUICK,
        )
        for entry in market().operators
        if entry.slug in urls
    ]


def agreements() -> list[Agreement]:
    """The agreements of the simulator's market."""
    return [
        Agreement(
            f"agreement-{number}",
            each.name,
            frozenset(each.parties),
            None if each.categories is None else frozenset(each.categories),
            each.valid_from,
            each.valid_until,
        )
        for number, each in enumerate(market().agreements)
    ]


@asynccontextmanager
async def open_world(folder: Path) -> AsyncIterator[World]:
    """The whole world, when every catalogue has been read."""
    clock, bus = SettableClock(), MemoryWakeUps()
    async with (
        run_operators(folder / "operators") as urls,
        open_registry(specs(urls), agreements(), clock, adapters={"tmforum": connect}) as registry,
        open_projection(registry, bus, clock, age=timedelta(hours=1)) as projection,
        open_storage(f"sqlite:///{folder / 'gateway.db'}", bus, clock, None) as storage,
    ):
        while not projection.is_ready:  # noqa: ASYNC110 it has no event for that
            await asyncio.sleep(0.01)
        core = Core(storage, registry, projection, bus, clock)
        callers = await manager(storage, "maria"), await manager(storage, "stranger")
        yield World(core, clock, projection, urls, *callers)


async def refused(call: Any) -> list[tuple[str, tuple[str, ...] | None]]:
    """The codes and fields of the request's refusal."""
    try:
        await call
    except RequestError as error:
        return [(problem.code, problem.field) for problem in error.problems]
    raise AssertionError("was not refused")
