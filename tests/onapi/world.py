"""A gateway's core beside two operators that speak TM Forum Open APIs and a network that speaks ON-API; no engine."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import aiohttp
from uuid_utils import uuid7
from yarl import URL

from gateway.contract import Limits, Place, ProviderRole
from gateway.domain.identity import own_id
from gateway.domain.ordering.bundles import Bundle
from gateway.domain.ordering.orders import Order
from gateway.domain.parties import OPERATOR, Agreement, Caller
from gateway.federation.projection import Projection, open_projection
from gateway.federation.registry import ProviderSpec, open_registry
from gateway.saga.driver import drive
from gateway.saga.failpoints import Reached, passing
from gateway.saga.work import Work
from gateway.storage import MemoryWakeUps, open_storage
from gateway.storage.clock import SystemClock
from gateway.usecases import bundles
from gateway.usecases.core import Core
from gateway.usecases.ordering import CancelOrder, PlaceOrder, cancel_order, place_order
from providers.simulator.market import OperatorEntry, market
from providers.simulator.serving import run_operators
from tests.bundles.world import manager
from tests.onapi.calls import SLUG
from tests.onapi.connecting import CREDENTIALS, a_place
from tests.saga.world import LIMITS

SERVICE, ACCESS, CONTENT = "aurora", SLUG, "filmlyktan"
QUICK = Limits(read_timeout_s=2.0, change_timeout_s=2.0)


class Stopped(Exception):
    """The gateway went no further."""


@dataclass(frozen=True)
class World:
    """What a customer does in it, and how far the gateway gets."""

    core: Core
    work: Work
    urls: dict[str, str]
    projection: Projection
    maria: Caller

    async def bundle(self, access: str = "BB-100-100", place: Place | None = None) -> Bundle:
        """Television in UHD, the access line that carries it, and films: from the candidates for each role."""
        given = bundles.CreateBundle(place=place or a_place())
        bundle = await bundles.create_bundle(self.core, self.maria, given)
        bundle = await self.add(bundle, SERVICE, "tv-mellan", ("videoQuality", ("UHD",)))
        assert (ACCESS, access) in await self.candidates(bundle, ProviderRole.NETWORK_OPERATOR)
        bundle = await self.add(bundle, ACCESS, access)
        assert (CONTENT, "film-bas") in await self.candidates(bundle, ProviderRole.CONTENT_PROVIDER)
        return await self.add(bundle, CONTENT, "film-bas")

    async def candidates(self, bundle: Bundle, role: ProviderRole) -> set[tuple[str, str]]:
        """What may be added for the role."""
        page = await bundles.list_candidates(self.core, self.maria, bundle, role, 100)
        return {(edge.node.offering.provider.slug, edge.node.offering.ref) for edge in page.edges}

    async def order(self, bundle: Bundle, key: str = "key") -> Order:
        """Orders it as it is shown, terms accepted."""
        review = await bundles.review_bundle(self.core, bundle)
        accepted = tuple(term.id for term in review.terms)
        given = PlaceOrder(bundle.id, review.bundle.revision, key, accepted)
        return (await place_order(self.core, self.maria, given))[0]

    async def cancel(self, order: Order) -> None:
        """Asks for it."""
        await cancel_order(self.core, self.maria, CancelOrder(order.id, "cancel-it"))

    async def run(self, order: Order, reached: Reached = passing) -> Order:
        """Drives it to its end. Raises: Stopped, where `reached` does."""
        await asyncio.wait_for(drive(replace(self.work, reached=reached), order.id), 20)
        return await self.read(order)

    async def read(self, order: Order) -> Order:
        """As it is stored."""
        async with self.core.storage.reading() as uow:
            found = await uow.orders.get(order.id)
        assert found is not None
        return found

    async def fault(self, slug: str, **rule: Any) -> None:
        """Tells an operator to fail."""
        async with aiohttp.ClientSession() as session, session.post(self._control(slug, "faults"), json=rule) as answer:
            assert answer.status == 201

    async def counts(self, slug: str) -> dict[str, Any]:
        """What the operator has."""
        async with aiohttp.ClientSession() as session, session.get(self._control(slug, "counts")) as answer:
            return dict(await answer.json())

    def _control(self, slug: str, path: str) -> URL:
        return URL(self.urls[slug]).with_path(f"/_control/{path}")

    async def add(self, bundle: Bundle, slug: str, ref: str, *fields: tuple[str, tuple[str, ...]]) -> Bundle:
        """Adds an offering, with these fields of its form."""
        offering = next(each for each in self.core.offerings.all() if (each.provider.slug, each.ref) == (slug, ref))
        given = bundles.AddBundleItem(bundle_id=bundle.id, offering_id=offering.id, fields=fields)
        return (await bundles.add_bundle_item(self.core, self.maria, given))[0]


@asynccontextmanager
async def open_world(folder: Path, **operators: Any) -> AsyncIterator[World]:
    """The whole world, when every catalogue has been read."""
    bus, clock = MemoryWakeUps(), SystemClock()
    async with (
        run_operators(folder / "operators", (SERVICE, ACCESS, CONTENT), **operators) as urls,
        open_registry(
            [_spec(each, urls[each.slug]) for each in market().select(tuple(urls))], _agreements(), clock
        ) as registry,
        open_projection(registry, bus, clock) as projection,
        open_storage(f"sqlite:///{folder / 'gateway.db'}", bus, clock, lambda *_: None) as storage,
    ):
        async with asyncio.timeout(10):
            while not projection.is_ready:  # noqa: ASYNC110 it has no event for that
                await asyncio.sleep(0.01)
        core = Core(storage, registry, projection, bus, clock)
        work = Work(storage, registry, bus, clock, LIMITS)
        yield World(core, work, urls, projection, await manager(storage, "maria"))


def _spec(entry: OperatorEntry, url: str) -> ProviderSpec:
    """As an entry of the file of providers says it."""
    known = {"credentials": CREDENTIALS, "settles_after_s": 0.5} if entry.speaks == "on-api" else {}
    roles = tuple(ProviderRole(role) for role in entry.roles)
    return ProviderSpec(entry.slug, entry.name, roles, entry.speaks, {"url": url, **entry.settings, **known}, QUICK)


def _agreements() -> list[Agreement]:
    newcomers = [(each.slug, each.proposals) for each in market().newcomers]
    proposed = [({slug, other}, name) for slug, proposals in newcomers for name, other in proposals.items()]
    made = [*((set(each.parties), each.name) for each in market().agreements), *proposed, ({OPERATOR, ACCESS}, "Ours")]
    # Ids as those have that are kept: what is said of one in the database counts.
    return [Agreement(own_id("Agreement", str(uuid7())), name, frozenset(parties)) for parties, name in made]
