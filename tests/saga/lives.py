"""An order, its operators and those who drive it, in one process and by the time of `hand_time`."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

from uuid_utils import uuid7

from gateway.contract.ordering import OrderRequest, ProviderCancellation, ProviderOrder
from gateway.contract.provider import Limits, Provider
from gateway.domain.identity import own_id
from gateway.domain.ordering.events import OrderEvent
from gateway.domain.ordering.orders import Cancellation, Order
from gateway.domain.ordering.states import CancellationState, CompletionPolicy
from gateway.federation.fence import fence
from gateway.federation.guarded import guarded
from gateway.ports import NewEvent, UnitOfWork
from gateway.ports.executors import LeaseLost
from gateway.saga import changes
from gateway.saga.driver import drive, drive_topic
from gateway.saga.ledger import write_change
from gateway.saga.work import SagaLimits, Work
from gateway.storage.opening import SqlStorage, open_storage
from gateway.storage.wakeups import MemoryWakeUps
from tests.cores import NoProviders
from tests.saga.hand_time import HandLoop, LoopClock
from tests.saga.operator import Operator
from tests.saga.world import REFS, new_account, new_bundle, new_order

LIMITS = SagaLimits(answer_s=60.0, delivery_s=120.0, activation_s=60.0, held_poll_s=30.0)
# How many turns of the loop a task may take from one transaction to the next.
TURNS = 25
T = TypeVar("T")


class Killed(BaseException):
    """The process is no more: nothing catches it."""


class BusyStorage:
    """The storage, and whether anybody is in it: while nobody is, whoever can go on does so within some turns."""

    def __init__(self, inner: SqlStorage) -> None:
        self._inner = inner
        self._inside = 0
        self._empty = asyncio.Event()
        self._empty.set()

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[UnitOfWork]:
        with self._busy():
            async with self._inner.writing() as unit:
                yield unit

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[UnitOfWork]:
        with self._busy():
            async with self._inner.reading() as unit:
                yield unit

    async def is_ready(self) -> bool:
        return await self._inner.is_ready()

    @contextlib.contextmanager
    def _busy(self) -> Iterator[None]:
        self._inside += 1
        self._empty.clear()
        try:
            yield
        finally:
            self._inside -= 1
            if not self._inside:
                self._empty.set()

    async def settled(self) -> None:
        """Until nobody can go on before time does."""
        turns = 0
        while turns < TURNS:
            await self._empty.wait()
            await asyncio.sleep(0)
            turns = turns + 1 if self._empty.is_set() else 0


@dataclass(frozen=True)
class Guarded(NoProviders):
    """The providers of one process, each behind guards of its own."""

    all_of_them: Mapping[str, Provider]

    def provider(self, slug: str) -> Provider | None:
        return self.all_of_them.get(slug)


class Process:
    """One that drives the order, under a hold that may be lost, by a clock of its own.

    It passes a point before and after whatever lasts; at one of them it may die, or stand still.
    """

    task: "asyncio.Task[None]"

    def __init__(self, clock: LoopClock) -> None:
        self.clock = clock
        self.has_lost = False
        self.dies_at: tuple[str, str] | None = None
        self._points_left: int | None = None
        self._stops = False
        self._goes_on = asyncio.Event()
        self._goes_on.set()

    def will_end(self, points: int, *, stops: bool) -> None:
        """It dies, or stands still, at its so manieth point from now."""
        self._points_left, self._stops = points, stops

    @property
    def has_ended(self) -> bool:
        """Whether it got to that point."""
        return self._points_left is not None and self._points_left < 0

    def goes_on(self) -> None:
        """As if nothing had happened."""
        self._points_left = None
        self._goes_on.set()

    async def passes(self, *, may_stop: bool = True) -> None:
        """One of its points."""
        if self._points_left is not None and (may_stop or not self._stops):
            self._points_left -= 1
            if self._points_left < 0 and not self._stops:
                raise Killed
            if self._points_left < 0:
                self._goes_on.clear()
        if may_stop:
            await self._goes_on.wait()

    def reached(self, step: str, moment: str) -> None:
        """See saga.failpoints."""
        if self.dies_at == (step, moment):
            raise Killed

    async def confirm(self) -> None:
        """See ports.executors.Lease."""
        if self.has_lost:
            raise LeaseLost("local")


@dataclass(frozen=True)
class ProcessStorage:
    """The storage as one process has it: it ends at no point where it would keep others from theirs."""

    inner: BusyStorage
    process: Process

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[UnitOfWork]:
        await self.process.passes()
        async with self.inner.writing() as unit:
            yield unit
            await self.process.passes(may_stop=False)
        await self.process.passes()

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[UnitOfWork]:
        await self.process.passes()
        async with self.inner.reading() as unit:
            yield unit
        await self.process.passes()

    async def is_ready(self) -> bool:
        return await self.inner.is_ready()


@dataclass(frozen=True)
class ProcessOrdering:
    """An operator's ordering as one process has it."""

    inner: Operator
    process: Process

    async def place(self, request: OrderRequest) -> ProviderOrder:
        return await self._passed(self.inner.place(request))

    async def find(self, key: str) -> ProviderOrder | None:
        return await self._passed(self.inner.find(key))

    async def track(self, ref: str) -> ProviderOrder:
        return await self._passed(self.inner.track(ref))

    async def cancel(self, ref: str, key: str, reason: str | None) -> ProviderCancellation:
        return await self._passed(self.inner.cancel(ref, key, reason))

    async def cancellation(self, ref: str) -> ProviderCancellation | None:
        return await self._passed(self.inner.cancellation(ref))

    async def terminate(self, product_ref: str, key: str, party: str) -> ProviderOrder:
        return await self._passed(self.inner.terminate(product_ref, key, party))

    async def _passed(self, call: Awaitable[T]) -> T:
        found = await call
        await self.process.passes()
        return found


@dataclass
class Scene:
    """The parts that stay when a process dies."""

    loop: HandLoop
    storage: BusyStorage
    wakeups: MemoryWakeUps
    customer_id: str
    operators: dict[str, Operator] = field(default_factory=dict)

    async def place(self, policy: CompletionPolicy, slugs: Sequence[str]) -> Order:
        """Content that needs a service that needs an access line, or a part of that."""
        clock = LoopClock(self.loop)
        order = new_order(self.customer_id, policy, {slug: REFS[slug] for slug in slugs}, clock.now())
        async with self.storage.writing() as unit:
            await unit.bundles.add(new_bundle(order))
            await unit.orders.add(order)
            order = await unit.events.append(order, [NewEvent("OrderPlaced")], order.placed_at)
            await unit.orders.save(order)
        return order

    def start(self, order_id: str, set_by_s: float = 0.0) -> Process:
        """A process that takes the order up."""
        clock = LoopClock(self.loop, set_by_s)
        limits = Limits(rate_per_s=10_000)
        process = Process(clock)
        providers = {slug: guarded(_seen_by(process, each), limits, clock) for slug, each in self.operators.items()}
        storage = ProcessStorage(self.storage, process)

        async def run() -> None:
            fence.set(process.confirm)
            await drive(Work(storage, Guarded(providers), self.wakeups, clock, LIMITS, process.reached), order_id)

        process.task = self.loop.create_task(run())
        return process

    async def advance(self, seconds: float) -> None:
        """Lets time pass, and all that is due in it happen."""
        until_s = self.loop.at_s + seconds
        while self.loop.at_s < until_s:
            self.loop.at_s = self.loop.next_stop_s(until_s)
            await self.storage.settled()

    async def kill(self, process: Process) -> None:
        """Ends it where it is."""
        process.task.cancel()
        await asyncio.gather(process.task, return_exceptions=True)
        await self.storage.settled()

    async def read(self, order_id: str) -> Order:
        """As it is stored."""
        async with self.storage.reading() as unit:
            found = await unit.orders.get(order_id)
        assert found is not None
        return found

    async def settled(self, order_id: str) -> tuple[Order, Sequence[OrderEvent]]:
        """The order and its history, once nobody can go on before time does."""
        await self.storage.settled()
        async with self.storage.reading() as unit:
            found = await unit.orders.get(order_id)
            assert found is not None
            return found, await unit.events.of_order(order_id, 0, 1000)

    async def ask_to_cancel(self, order_id: str, clock: LoopClock) -> None:
        """As the use case does."""
        asked = Cancellation(
            own_id("Cancellation", str(uuid7())), order_id, CancellationState.ACKNOWLEDGED, clock.now()
        )
        async with self.storage.writing() as unit:
            order = await unit.orders.get(order_id, lock=True)
            assert order is not None
            await write_change(unit, order, changes.cancellation_requested(order, asked), clock.now())
            unit.wake(drive_topic(order_id))

    async def retry(self, order_id: str, clock: LoopClock) -> None:
        """Every held item, as the use case does."""
        async with self.storage.writing() as unit:
            order = await unit.orders.get(order_id, lock=True)
            assert order is not None
            for item in [each for each in order.items if each.hold is not None]:
                order = await write_change(unit, order, changes.retried(order, item, clock.now()), clock.now())
            unit.wake(drive_topic(order_id))


def _seen_by(process: Process, operator: Operator) -> Provider:
    return replace(operator.provider, ordering=ProcessOrdering(operator, process))


@asynccontextmanager
async def open_scene(database: str, loop: HandLoop) -> AsyncIterator[Scene]:
    """A store with one customer, from entry to exit."""
    wakeups, clock = MemoryWakeUps(), LoopClock(loop)
    customer_id = own_id("Customer", str(uuid7()))
    async with open_storage(database, wakeups, clock, None) as storage:
        async with storage.writing() as unit:
            await unit.accounts.add(new_account(customer_id, clock))
        yield Scene(loop, BusyStorage(storage), wakeups, customer_id)


@contextmanager
def a_scene() -> Iterator[tuple[asyncio.Runner, Scene]]:
    """A store, and a loop whose time is moved by hand."""
    # Each commit waits for the disk: a disk in memory has nothing to wait for.
    memory = Path("/dev/shm")  # noqa: S108
    with (
        TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder,
        asyncio.Runner(loop_factory=HandLoop) as runner,
    ):
        loop, stack = runner.get_loop(), AsyncExitStack()
        assert isinstance(loop, HandLoop)
        scene = runner.run(stack.enter_async_context(open_scene(f"sqlite:///{folder}/gateway.db", loop)))
        try:
            yield runner, scene
        finally:
            runner.run(stack.aclose())
