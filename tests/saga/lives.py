"""An order, its operators and those who drive it, in one process and by the time of `hand_time`."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from uuid_utils import uuid7

from gateway.contract.provider import Limits, Provider
from gateway.domain.identity import own_id
from gateway.domain.ordering.events import OrderEvent
from gateway.domain.ordering.orders import Cancellation, Order
from gateway.domain.ordering.states import CancellationState, CompletionPolicy
from gateway.federation.fence import fence
from gateway.federation.guarded import guarded
from gateway.ports import NewEvent
from gateway.saga import changes
from gateway.saga.driver import drive, drive_topic
from gateway.saga.ledger import write_change
from gateway.saga.work import SagaLimits, Work
from gateway.storage.opening import open_storage
from gateway.storage.wakeups import MemoryWakeUps
from tests.saga.hand_time import HandLoop, LoopClock
from tests.saga.mortals import BusyStorage, Guarded, Process, ProcessOrdering, ProcessStorage
from tests.saga.operator import Operator
from tests.saga.world import REFS, new_account, new_bundle, new_order

LIMITS = SagaLimits(answer_s=60.0, delivery_s=120.0, activation_s=60.0, held_poll_s=30.0)


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
def a_scene(database: str | None = None) -> Iterator[tuple[asyncio.Runner, Scene]]:
    """A store, a new SQLite file where no database is named, and a loop whose time is moved by hand."""
    # Each commit waits for the disk: a disk in memory has nothing to wait for.
    memory = Path("/dev/shm")  # noqa: S108
    with (
        TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder,
        asyncio.Runner(loop_factory=HandLoop) as runner,
    ):
        loop, stack = runner.get_loop(), AsyncExitStack()
        assert isinstance(loop, HandLoop)
        url = database or f"sqlite:///{folder}/gateway.db"
        scene = runner.run(stack.enter_async_context(open_scene(url, loop)))
        try:
            yield runner, scene
        finally:
            runner.run(stack.aclose())
