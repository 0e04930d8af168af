"""What every step works with: the providers, the store, the clock and the time limits."""

import asyncio
import logging
import random
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

from gateway.contract.ordering import Ordering, ProviderOrder
from gateway.contract.provider import Provider
from gateway.domain.errors import ContractBroken, NotOffered, OutcomeUnknown, ProviderError, Rejected, Unavailable
from gateway.domain.ordering.orders import Failure, Order, OrderItem
from gateway.domain.ordering.reasons import FailureCode, HoldCode
from gateway.domain.ordering.states import ItemPhase
from gateway.federation.directory import Directory
from gateway.ports import Clock, Storage, WakeUps
from gateway.ports.steps import StepRecord
from gateway.saga import changes, records
from gateway.saga.failpoints import Reached, passing
from gateway.saga.ledger import Change, Learnt, write_learnt
from gateway.saga.patience import Patience
from gateway.saga.plan import Step
from gateway.saga.written import Written

alarms = logging.getLogger("gateway.alarms")
T = TypeVar("T")
Batch = tuple[list[Learnt], asyncio.Task[Order | None]]
# Answers to questions that were asked at once come about as closely one after the other.
GATHER_S = 0.02
# However many orders come on at one moment: fewer than there are connections to the store, so that no request waits
# behind all of them.
AT_ONCE = 6


@dataclass(frozen=True, slots=True)
class SagaLimits:
    """How long an item may take in each phase before it is HELD for a person, and how often a provider is asked
    (seconds).

    `poll_most_s` is the longest pause between two questions, `poll_heard_s` that for an item whose provider posts
    events about it.
    """

    answer_s: float = 600.0
    delivery_s: float = 14 * 86400.0
    activation_s: float = 86400.0
    poll_first_s: float = 1.0
    poll_most_s: float = 15.0
    poll_heard_s: float = 60.0
    held_poll_s: float = 60.0

    def of(self, phase: ItemPhase) -> float:
        """The limit of a phase."""
        if phase in {ItemPhase.TRACKING, ItemPhase.REMOVAL_TRACKING}:
            return self.delivery_s
        return self.activation_s if phase is ItemPhase.ACTIVATING else self.answer_s


_HOLDS: tuple[tuple[type[ProviderError], HoldCode], ...] = (
    (ContractBroken, HoldCode.PROVIDER_CONTRACT_BROKEN),
    (NotOffered, HoldCode.PROVIDER_CONTRACT_BROKEN),
    (OutcomeUnknown, HoldCode.PROVIDER_OUTCOME_UNKNOWN),
)


def _final_failure(item: OrderItem, error: ProviderError) -> Failure | None:
    """What can never work, as long as nothing was placed."""
    if item.order_ref is not None:
        return None
    if isinstance(error, NotOffered):
        return Failure(FailureCode.PROVIDER_NOT_OFFERED, provider_text=error.detail)
    if isinstance(error, Rejected) and item.phase is ItemPhase.QUALIFYING:
        return Failure(FailureCode.PROVIDER_REJECTED, {"reason": error.reason or ""}, error.detail)
    return None


@dataclass(frozen=True, slots=True)
class Work:
    """The parts behind every step. A step returns the seconds after which it wants to be taken again, 0 for at once."""

    storage: Storage
    directory: Directory
    wakeups: WakeUps
    clock: Clock
    limits: SagaLimits = SagaLimits()
    reached: Reached = passing
    patience: Patience = field(init=False)
    written: Written = field(init=False, default_factory=Written)
    batches: dict[str, Batch] = field(init=False, default_factory=dict)
    at_store: asyncio.Semaphore = field(init=False, default_factory=partial(asyncio.Semaphore, AT_ONCE))

    def __post_init__(self) -> None:
        """One memory for all steps of this process."""
        object.__setattr__(self, "patience", Patience(self.clock))

    def provider(self, item: OrderItem) -> Provider:
        """The item's provider. Raises: Unavailable while it is not connected."""
        provider = self.directory.provider(item.provider)
        if provider is None:
            raise Unavailable(item.provider, "ordering", "not connected")
        return provider

    def ordering(self, item: OrderItem) -> Ordering:
        """The item's provider's ordering. Raises: Unavailable, NotOffered."""
        ordering = self.provider(item).ordering
        if ordering is None:
            raise NotOffered(item.provider, "ordering")
        return ordering

    async def found(self, item: OrderItem, key: str, *, is_again: bool) -> tuple[ProviderOrder | None, float]:
        """What was made by that key, and where nothing was, for how many seconds it must not be sent yet.

        `is_again`: it was sent, as far as is known here. A copy of the database that was restored does not know what
        was sent since: so who does not honour keys is asked before the first time, too, and not to be able to tell is
        no reason then not to order. Raises: ProviderError.
        """
        honours_keys = self.provider(item).honours_keys
        if not is_again and honours_keys:
            return None, 0.0
        left_s = self.unsettled_s(item) if is_again else 0.0
        try:
            return await self.ordering(item).find(key), 0.0 if honours_keys else left_s
        except ContractBroken:
            if is_again:
                raise
            return None, 0.0

    async def read(self, order_id: str) -> Order | None:
        """The order as it is stored; what its steps write from here on is compared with that."""
        async with self.at_store, self.storage.reading() as uow:
            order = await uow.orders.get(order_id)
        if order is not None:
            self.written.see(order)
        return order

    async def write(
        self, order: Order, item: OrderItem, change: Change, record: StepRecord | None = None
    ) -> Order | None:
        """Stores what was learnt of the item; None where it no longer counts."""
        return await self._write(order, [Learnt(item, change, self.clock.now(), record)])

    async def write_together(self, order: Order, item: OrderItem, change: Change) -> Order | None:
        """The same, in one transaction with what other steps of the order learn just then; None where none of it counts
        any more. All fail with it, and all end where one of them is ended.
        """
        gathered, writing = self.batches.get(order.id) or self._new_batch(order)
        gathered.append(Learnt(item, change, self.clock.now()))
        return await writing

    def _new_batch(self, order: Order) -> Batch:
        gathered: list[Learnt] = []
        writing = asyncio.create_task(self._write_gathered(order, gathered))
        # Also of one that is ended before it has begun.
        writing.add_done_callback(lambda _: self._close_batch(order, gathered))
        self.batches[order.id] = batch = gathered, writing
        return batch

    async def _write_gathered(self, order: Order, gathered: Sequence[Learnt]) -> Order | None:
        await asyncio.sleep(GATHER_S)
        self._close_batch(order, gathered)
        return await self._write(order, gathered)

    def _close_batch(self, order: Order, gathered: Sequence[Learnt]) -> None:
        if order.id in self.batches and self.batches[order.id][0] is gathered:
            del self.batches[order.id]

    async def _write(self, order: Order, learnt: Sequence[Learnt]) -> Order | None:
        turn = 0

        def take_turn() -> None:
            nonlocal turn
            turn = self.written.turn()

        async with self.at_store:
            after = await write_learnt(self.storage, self.written.last(order), learnt, take_turn)
        self.written.note(order.id, after, turn)
        return after

    async def stalled(self, order: Order, item: OrderItem, error: ProviderError) -> float:
        """No answer that counts: again later; HELD when the phase's time is over; failed where it can never work."""
        self.patience.doubt(item)
        if isinstance(error, ContractBroken):
            alarms.error("contract-broken provider=%s capability=%s", error.provider, error.capability)
        failure = _final_failure(item, error)
        if failure is not None:
            now = self.clock.now()
            record = records.stalled(item, now, error.code, error.detail)
            await self.write(order, item, lambda o, i: changes.failed(o, i, failure, now), record)
            return 0.0
        code = next((hold for kind, hold in _HOLDS if isinstance(error, kind)), HoldCode.PROVIDER_UNAVAILABLE)
        wait_s = error.retry_after_s if isinstance(error, Unavailable) and error.retry_after_s else 0.0
        return max(wait_s, await self.waiting(order, item, code, error.detail))

    async def waiting(
        self, order: Order, item: OrderItem, code: HoldCode = HoldCode.PROVIDER_TOO_SLOW, detail: str = ""
    ) -> float:
        """The seconds until the next look; the item is HELD when its phase's time is over.

        `detail` is the provider's own word, for operators.
        """
        if item.hold is None and self.is_overdue(item):
            now = self.clock.now()
            params: Mapping[str, str] = {"offering": item.offering_name}
            record = records.stalled(item, now, code, detail)
            await self.write(order, item, lambda o, i: changes.held(o, i, code, now, params), record)
        return self.poll_s(item)

    async def sent(self, former: OrderItem, item: OrderItem, answer: Awaitable[T]) -> T:
        """The answer to what is sent for `item`, which was `former` before that was stored.

        Where it surely did not arrive, nothing of it has to settle. Raises: ProviderError.
        """
        try:
            return await answer
        except Unavailable:
            self.patience.not_sent(former, item)
            raise

    def unsettled_s(self, item: OrderItem) -> float:
        """For how long what was sent for the item may still be done: to be asked before a look, which then shows
        nothing where it finds nothing. 0 where nothing can come any more.

        Raises: Unavailable while the provider is not connected.
        """
        return max(self.provider(item).settles_after_s - self.patience.unanswered_s(item), 0.0)

    async def unsettled(self, order: Order, item: OrderItem, left_s: float) -> float:
        """Nothing was found, and the look does not count yet: again later, HELD when the phase's time is over."""
        return min(await self.waiting(order, item, HoldCode.PROVIDER_OUTCOME_UNKNOWN), left_s)

    def age_s(self, item: OrderItem) -> float:
        """How long the item has been in its phase; the first call of this process begins to count."""
        return self.patience.age_s(item, self.limits.of(item.phase))

    def is_overdue(self, item: OrderItem) -> bool:
        """Whether the item has been in its phase for longer than allowed."""
        return self.age_s(item) >= self.limits.of(item.phase)

    def poll_s(self, item: OrderItem) -> float:
        """Often at first, less often the longer it takes; spread, so that many orders do not ask at once.

        Where the provider posts events, a question only makes up for one that is lost.
        """
        if item.hold is not None:
            return self.limits.held_poll_s * random.uniform(0.75, 1.25)  # noqa: S311
        age_s = self.age_s(item)
        pace_s = self._pace_s(item, age_s)
        left_s = self.limits.of(item.phase) - age_s
        pace_s = min(pace_s, left_s) if left_s > 0 else pace_s
        return max(pace_s * random.uniform(0.75, 1.0), 0.01)  # noqa: S311

    def _pace_s(self, item: OrderItem, age_s: float) -> float:
        if self.patience.is_heard(item):
            return max(min(age_s, self.limits.poll_heard_s), self.limits.poll_heard_s / 2)
        return min(max(self.limits.poll_first_s, age_s / 4), self.limits.poll_most_s)

    def begun(self, item: OrderItem, step: Step, key: str) -> StepRecord:
        """The record of a call that is about to be sent."""
        return records.begun(item, step, key, self.clock.now())

    def done(self, item: OrderItem, step: Step, key: str, outcome: str, detail: str = "") -> StepRecord:
        """The record of a call whose outcome is known."""
        return records.done(item, step, key, self.clock.now(), outcome, detail)
