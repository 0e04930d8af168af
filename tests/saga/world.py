"""A small world to order in: three operators over HTTP, their events, our store; all but the engine and the API."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web
from uuid_utils import uuid7
from yarl import URL

from gateway.domain.catalog.providers import ProviderRole
from gateway.domain.identity import own_id, provider_id
from gateway.domain.ordering.bundles import Bundle, BundleState
from gateway.domain.ordering.events import OrderEvent
from gateway.domain.ordering.orders import Cancellation, Order, OrderItem
from gateway.domain.ordering.states import (
    FINAL_ORDER_STATES,
    CancellationState,
    CompletionPolicy,
    ItemAction,
    ItemIntent,
    ItemPhase,
    OrderItemState,
    OrderState,
)
from gateway.domain.parties import Address, CustomerKind, Place
from gateway.federation import signals
from gateway.federation.callbacks import Callbacks, registered
from gateway.federation.registry import ProviderSpec, open_registry
from gateway.ports import Clock, NewAccount, NewEvent
from gateway.saga import changes
from gateway.saga.driver import drive, drive_topic
from gateway.saga.ledger import write_change
from gateway.saga.work import SagaLimits, Work
from gateway.storage.clock import SystemClock
from gateway.storage.opening import SqlStorage, Starter, open_storage
from gateway.storage.wakeups import MemoryWakeUps
from providers.simulator.serving import run_operators

PLACE = Place(Address(street="Storgatan", house_number="1", postcode="11122", city="Stockholm", country="SE"))
ACCESS, SERVICE, CONTENT = "fjordnet", "aurora", "filmlyktan"
REFS = {ACCESS: "fibre-100", SERVICE: "tv-mellan", CONTENT: "film-bas"}
ROLES = {
    ACCESS: ProviderRole.NETWORK_OPERATOR,
    SERVICE: ProviderRole.SERVICE_PROVIDER,
    CONTENT: ProviderRole.CONTENT_PROVIDER,
}
# Short enough to see an item HELD within a test.
LIMITS = SagaLimits(
    answer_s=2.0,
    delivery_s=2.0,
    activation_s=2.0,
    poll_first_s=0.1,
    poll_most_s=0.3,
    poll_heard_s=0.3,
    held_poll_s=0.3,
)
# How long what was sent to an operator, and not answered, may still be done.
SETTLES_S = 0.5


@dataclass(frozen=True)
class World:
    """What a test may do in it."""

    urls: Mapping[str, str]
    storage: SqlStorage
    work: Work
    client: aiohttp.ClientSession
    customer_id: str

    async def place(
        self,
        policy: CompletionPolicy = CompletionPolicy.ALL_OR_NOTHING,
        refs: Mapping[str, str] = REFS,
        *,
        starts: bool = False,
    ) -> Order:
        """Content that needs a service that needs an access line; the service stands first."""
        order = new_order(self.customer_id, policy, refs, self.work.clock.now())
        async with self.storage.writing() as uow:
            await uow.bundles.add(new_bundle(order))
            await uow.orders.add(order)
            order = await uow.events.append(order, [NewEvent("OrderPlaced")], order.placed_at)
            await uow.orders.save(order)
            if starts:
                await uow.orders.start(order.id)
        return order

    async def run(self, order: Order, timeout_s: float = 20.0) -> Order:
        """Drives the order until it is final or HELD."""
        task = asyncio.create_task(drive(self.work, order.id))
        try:
            return await self.until(order, lambda now: now.state in {*FINAL_ORDER_STATES, OrderState.HELD}, timeout_s)
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def run_to_final(self, order: Order, timeout_s: float = 20.0) -> Order:
        """Drives the order until it is final."""
        await asyncio.wait_for(drive(self.work, order.id), timeout_s)
        return await self.read(order)

    async def retry(self, order: Order, slug: str) -> None:
        """Lets the held item of that provider go on, as the use case does."""
        async with self.storage.writing() as uow:
            current = await uow.orders.get(order.id, lock=True)
            assert current is not None
            now = self.work.clock.now()
            await write_change(uow, current, changes.retried(current, item_of(current, slug), now), now)
            uow.wake(drive_topic(order.id))

    async def deliver(self, slug: str) -> None:
        """Lets the operator finish at once what it was asked to deliver."""
        async with self.client.post(self._control(slug, "deliveries")) as answer:
            assert answer.status == 200

    async def mend(self, slug: str) -> None:
        """Takes the operator's faults back."""
        async with self.client.delete(self._control(slug, "faults")) as answer:
            assert answer.status == 204

    async def until(self, order: Order, condition: Any, timeout_s: float = 20.0) -> Order:
        """Waits until the stored order meets the condition."""
        async with asyncio.timeout(timeout_s):
            while True:
                now = await self.read(order)
                if condition(now):
                    return now
                await asyncio.sleep(0.02)

    async def cancel(self, order: Order) -> None:
        """Asks for the order's cancellation, as the use case does."""
        now = self.work.clock.now()
        asked = Cancellation(own_id("Cancellation", str(uuid7())), order.id, CancellationState.ACKNOWLEDGED, now)
        async with self.storage.writing() as uow:
            current = await uow.orders.get(order.id, lock=True)
            assert current is not None
            await write_change(uow, current, changes.cancellation_requested(current, asked), now)
            uow.wake(drive_topic(order.id))

    async def read(self, order: Order) -> Order:
        """The order as it is stored."""
        async with self.storage.reading() as uow:
            found = await uow.orders.get(order.id)
        assert found is not None
        return found

    async def events(self, order: Order) -> Sequence[OrderEvent]:
        """Its whole history."""
        async with self.storage.reading() as uow:
            return await uow.events.of_order(order.id, 0, 1000)

    async def fault(self, slug: str, operation: str, kind: str, **rule: Any) -> None:
        """Tells an operator to fail."""
        body = {"operation": operation, "kind": kind, **rule}
        async with self.client.post(self._control(slug, "faults"), json=body) as answer:
            assert answer.status == 201, await answer.text()

    async def counts(self, slug: str) -> dict[str, Any]:
        """What the operator has, and how often each of its operations was called."""
        async with self.client.get(self._control(slug, "counts")) as answer:
            return dict(await answer.json())

    async def products(self) -> dict[str, dict[str, int]]:
        """The products at each operator by state."""
        return {slug: (await self.counts(slug))["products"] for slug in self.urls}

    async def check_nothing_is_twice(self) -> None:
        """Each key made one order at its provider."""
        for slug in self.urls:
            by_key = (await self.counts(slug))["ordersByExternalId"]
            assert Counter(by_key.values()).keys() <= {1}, by_key

    async def check_history(self, order: Order) -> None:
        """No gap, no repeat, the last event is of the stored state, and none before it of a final one."""
        events = await self.events(order)
        assert [event.sequence for event in events] == list(range(1, len(events) + 1))
        assert events[-1].order_state is (await self.read(order)).state
        assert [event.sequence for event in events if event.order_state in FINAL_ORDER_STATES] in ([], [len(events)])

    def _control(self, slug: str, path: str) -> str:
        return str(URL(self.urls[slug]).with_path(f"/_control/{path}"))


@asynccontextmanager
async def open_world(
    folder: Path, limits: SagaLimits = LIMITS, starter: Starter | None = None, **operators: Any
) -> AsyncIterator[World]:
    """Operators, adapter, hub and store, from entry to exit."""
    wakeups, clock = MemoryWakeUps(), SystemClock()
    customer_id = own_id("Customer", str(uuid7()))
    database = f"sqlite:///{folder / 'gateway.db'}"
    async with (
        run_operators(folder, tuple(REFS), **operators) as urls,
        open_storage(database, wakeups, clock, starter) as storage,
        open_registry([_spec(slug, url) for slug, url in urls.items()], (), clock) as registry,
        _hub(registry, wakeups) as hub,
        registered(registry, hub),
        aiohttp.ClientSession() as client,
    ):
        async with storage.writing() as uow:
            await uow.accounts.add(new_account(customer_id, clock))
        yield World(urls, storage, Work(storage, registry, wakeups, clock, limits), client, customer_id)


@asynccontextmanager
async def _hub(registry: Any, wakeups: MemoryWakeUps) -> AsyncIterator[Callbacks]:
    async def receive(request: web.Request) -> web.Response:
        await signals.receive(registry, wakeups, request.match_info["slug"], await request.json())
        return web.Response(status=204)

    app = web.Application()
    app.router.add_post("/providers/{slug}/events/{secret}", receive)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    try:
        yield Callbacks(f"http://127.0.0.1:{port}", b"key")
    finally:
        await runner.cleanup()


def _spec(slug: str, url: str) -> ProviderSpec:
    options = {"url": url, "honours_keys": True, "settles_after_s": SETTLES_S}
    return ProviderSpec(slug, slug.title(), (ROLES[slug],), "tmforum", options)


def new_account(customer_id: str, clock: Clock) -> NewAccount:
    """A customer with one actor."""
    actor = own_id("Actor", str(uuid7()))
    return NewAccount(actor, customer_id, "demo", "hash", None, "Demo", CustomerKind.HOUSEHOLD, clock.now())


def new_bundle(order: Order) -> Bundle:
    """What the order was placed from."""
    return Bundle(order.bundle_id, order.customer_id, 1, BundleState.ORDERED, order.placed_at, order.placed_at)


def new_order(customer_id: str, policy: CompletionPolicy, refs: Mapping[str, str], now: Any) -> Order:
    """Content that needs a service that needs an access line, as far as they are among `refs`."""
    order_id = own_id("Order", str(uuid7()))
    ids = {slug: own_id("OrderItem", str(uuid7())) for slug in refs}
    needs = {SERVICE: ACCESS, CONTENT: SERVICE}
    items = [
        OrderItem(
            id=ids[slug],
            order_id=order_id,
            position=position,
            action=ItemAction.ADD,
            intent=ItemIntent.ORDER,
            state=OrderItemState.ACKNOWLEDGED,
            phase=ItemPhase.QUALIFYING,
            phase_since=now,
            provider=slug,
            role=ROLES[slug],
            offering_id=provider_id("ProductOffering", slug, refs[slug]),
            offering_name=refs[slug],
            offering_ref=refs[slug],
            party="party-1",
            depends_on=(ids[needs[slug]],) if needs.get(slug) in refs else (),
        )
        for position, slug in enumerate([slug for slug in (SERVICE, ACCESS, CONTENT) if slug in refs], 1)
    ]
    return Order(
        id=order_id,
        customer_id=customer_id,
        bundle_id=own_id("Bundle", str(uuid7())),
        state=OrderState.ACKNOWLEDGED,
        completion_policy=policy,
        placed_at=now,
        items=tuple(items),
        place=PLACE,
    )


def item_of(order: Order, slug: str) -> OrderItem:
    """The order's item at that provider."""
    return next(item for item in order.items if item.provider == slug)


def states(order: Order) -> dict[str, OrderItemState]:
    """The items' states by provider."""
    return {item.provider: item.state for item in order.items}
