"""Drives one order to its end: plans from the store, takes the steps side by side, waits for what comes next.

It keeps nothing that the store does not hold but the time of each item's next look, so that it can be ended at any
moment and begun anew. The order itself it reads when it begins, when another has changed it, and every so often; in
between it goes on from what its own steps have written.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterator, Mapping

from gateway.domain.ordering.orders import Order, OrderItem
from gateway.domain.ordering.states import FINAL_ORDER_STATES, ItemPhase
from gateway.ports import Waiter
from gateway.saga.plan import Action, Step, next_actions
from gateway.saga.steps.cancel import cancel
from gateway.saga.steps.place import abandon, place
from gateway.saga.steps.qualify import qualify
from gateway.saga.steps.remove import remove, track_removal
from gateway.saga.steps.track import activate, track
from gateway.saga.work import Work

STEPS: Mapping[Step, Callable[[Work, Order, OrderItem], Awaitable[float]]] = {
    Step.QUALIFY: qualify,
    Step.PLACE: place,
    Step.TRACK: track,
    Step.ACTIVATE: activate,
    Step.ABANDON: abandon,
    Step.CANCEL: cancel,
    Step.REMOVE: remove,
    Step.TRACK_REMOVAL: track_removal,
}
# Covers a wake-up that was lost.
SWEEP_S = 30.0


def drive_topic(order_id: str) -> str:
    """The wake-up topic of what an order's driver must look at."""
    return f"drive:{order_id}"


def _topics(order: Order) -> frozenset[str]:
    """What can wake this order: ourselves, and the providers' events about its orders."""
    return frozenset({drive_topic(order.id), *(topic for item in order.items for topic in _posts(item, "provider"))})


def _posts(item: OrderItem, what: str) -> Iterator[str]:
    """What the item's provider may post: with "provider" that there is something to look for, with "going" that there
    is not.
    """
    yield from (f"{what}-key:{item.provider}:{item.key(step)}" for step in (Step.PLACE, Step.REMOVE))
    refs = (item.order_ref, item.removal_ref)
    yield from (f"{what}-order:{item.provider}:{ref}" for ref in refs if ref is not None)


class _Run:
    """One run of an order: the steps under way, and when each item is to be looked at again."""

    def __init__(self, work: Work, order_id: str) -> None:
        self.work = work
        self.order_id = order_id
        self.under_way: dict[str, asyncio.Task[float]] = {}
        self.due: dict[str, tuple[ItemPhase, float]] = {}
        # Items whose step was under way at a wake-up: what it read may be older than what the wake-up told.
        self.stale: set[str] = set()
        # Who else changes the order says so.
        self.told: Waiter
        # By item: its provider has posted something about it, be it that it goes on.
        self.posted: dict[str, Waiter] = {}
        self.read_s = 0.0
        self.looked_s = 0.0

    async def to_the_end(self) -> None:
        order: Order | None = None
        try:
            with self.work.wakeups.listen(drive_topic(self.order_id)) as self.told:
                order = await self._read()
                while order is not None and order.state not in FINAL_ORDER_STATES:
                    with self._listening(order) as waiter:
                        order = await self._until_topics_change(order, waiter)
        finally:
            await self._drop()
            self.work.written.forget(self.order_id)
            for item in order.items if order else ():
                self.work.patience.forget(item)

    async def _read(self) -> Order | None:
        self.read_s = asyncio.get_running_loop().time()
        return await self.work.read(self.order_id)

    @contextlib.contextmanager
    def _listening(self, order: Order) -> Iterator[Waiter]:
        listen = self.work.wakeups.listen
        with contextlib.ExitStack() as stack:
            for item in order.items:
                topics = (*_posts(item, "provider"), *_posts(item, "going"))
                self.posted[item.id] = stack.enter_context(listen(*topics))
            yield stack.enter_context(listen(*_topics(order)))

    async def _until_topics_change(self, order: Order, waiter: Waiter) -> Order | None:
        """Turns until the order is final, or there is more to listen to."""
        topics = _topics(order)
        current: Order | None = order
        while current is not None and current.state not in FINAL_ORDER_STATES and _topics(current) == topics:
            self._begin(current)
            await self._wait(current, waiter)
            ended = self._ended()
            current = await self._known(current)
            if current is not None:
                self._make_due(current, ended)
                await self._hear(current)
        # Whoever woke it meanwhile, and was not heard yet, is not lost with this waiter.
        if await waiter.wait(0.0):
            self._look_anew()
        return current

    def _look_anew(self) -> None:
        """At every item, and once more at what is being looked at: what it reads may be older than the wake-up."""
        self.due.clear()
        self.stale.update(self.under_way)

    async def _known(self, order: Order) -> Order | None:
        """The order as it is now, as far as this process can know; anew from the store where it can't.

        A provider's wake-up is no reason: it tells of what is to be looked at there.
        """
        known = self.work.written.take(order)
        is_old = asyncio.get_running_loop().time() - self.read_s >= SWEEP_S
        is_told = await self.told.wait(0.0)
        return await self._read() if is_told or is_old or known is None else known

    def _begin(self, order: Order) -> None:
        self.looked_s = now_s = asyncio.get_running_loop().time()
        for action in next_actions(order, self.work.clock.now()):
            item = order.item(action.item_id)
            if item is None or action.item_id in self.under_way:
                continue
            phase, due_s = self.due.get(item.id, (item.phase, 0.0))
            if phase is not item.phase or due_s <= now_s:
                self.work.age_s(item)
                self.under_way[item.id] = asyncio.create_task(self._take(action, order, item))

    async def _take(self, action: Action, order: Order, item: OrderItem) -> float:
        self.work.reached(action.step, "before")
        wait_s = await STEPS[action.step](self.work, order, item)
        self.work.reached(action.step, "after")
        return wait_s

    async def _wait(self, order: Order, waiter: Waiter) -> None:
        """Until a step has ended, it is woken, or something is due."""
        woken = asyncio.create_task(waiter.wait(self._timeout_s(order)))
        try:
            await asyncio.wait({woken, *self.under_way.values()}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            if not woken.done():
                woken.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await woken
        if not woken.cancelled() and woken.result():
            self._look_anew()

    def _ended(self) -> Mapping[str, float]:
        """The items whose step has ended, and when each wants the next one; what the steps wrote can be known now."""
        done = {item_id: task for item_id, task in self.under_way.items() if task.done()}
        for item_id in done:
            del self.under_way[item_id]
        return {item_id: task.result() for item_id, task in done.items()}

    def _make_due(self, order: Order, ended: Mapping[str, float]) -> None:
        """In the phase that its step left the item in."""
        now_s = asyncio.get_running_loop().time()
        for item in order.items:
            if item.id in ended:
                self.due[item.id] = item.phase, now_s + (0.0 if item.id in self.stale else ended[item.id])
                self.stale.discard(item.id)

    async def _hear(self, order: Order) -> None:
        """Where a provider posts what becomes of an item, a look that is not due yet only makes up for a post that is
        lost.
        """
        now_s, patience = asyncio.get_running_loop().time(), self.work.patience
        for item in order.items:
            if await self.posted[item.id].wait(0.0):
                was_heard = patience.is_heard(item)
                patience.hear(item)
                phase, due_s = self.due.get(item.id, (None, 0.0))
                # Once: who posts again and again that it goes on would never be asked.
                if patience.is_heard(item) and not was_heard and phase is item.phase and due_s > now_s:
                    self.due[item.id] = phase, max(due_s, now_s + self.work.poll_s(item))

    def _timeout_s(self, order: Order) -> float:
        # By the clock of the last look: what has become due since then is not to be missed until the sweep.
        now_s = self.looked_s
        waits = [due_s - now_s for item_id, (_, due_s) in self.due.items() if item_id not in self.under_way]
        if order.requested_start_at is not None:
            waits.append((order.requested_start_at - self.work.clock.now()).total_seconds())
        return min([SWEEP_S, *(wait for wait in waits if wait > 0)])

    async def _drop(self) -> None:
        for task in self.under_way.values():
            task.cancel()
        await asyncio.gather(*self.under_way.values(), return_exceptions=True)


async def drive(work: Work, order_id: str) -> None:
    """Returns when the order is final; may be cancelled and called again at any time. An unknown id returns at once."""
    await _Run(work, order_id).to_the_end()
