"""The life of an order as Hypothesis plays it: what may happen, and what must be so after each of it."""

import asyncio
from collections import Counter
from collections.abc import Sequence

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from gateway.domain.ordering.aggregation import allowed_actions, order_state
from gateway.domain.ordering.events import OrderEvent
from gateway.domain.ordering.orders import Order, OrderAction, OrderItem
from gateway.domain.ordering.states import (
    FINAL_ORDER_STATES,
    CancellationState,
    CompletionPolicy,
    ItemPhase,
    OrderItemState,
    OrderState,
)
from gateway.saga.plan import Step
from tests.saga.hand_time import LoopClock
from tests.saga.lives import Scene
from tests.saga.mortals import Process
from tests.saga.operator import FAULTS, Operator
from tests.saga.world import ACCESS, CONTENT, SERVICE

SLUGS = (ACCESS, SERVICE, CONTENT)
HOUR_S = 3600.0
positions, faults = st.integers(0, 2), st.sampled_from(FAULTS)
clocks = st.sampled_from([0.0, 0.0, HOUR_S, -HOUR_S])
# A change whose answer gets lost, or that is made when nobody waits for it any more; none in some lives.
LOST = [(change, how) for how in ("lost", "late", "silent") for change in ("terminate", "place")]
lost_changes = st.sampled_from([*LOST, None, None])


class Life(RuleBasedStateMachine):
    """One order of one to three items."""

    def __init__(self, runner: asyncio.Runner, scene: Scene) -> None:
        super().__init__()
        self.runner, self.scene = runner, scene
        self.order_id = ""
        self.living: Process | None = None
        self.stale: Process | None = None
        self.may_cancel = self.wants_cancelled = self.loses = False
        self.seen: list[str] = []

    # How it begins and ends.

    @initialize(
        policy=st.sampled_from(CompletionPolicy),
        number=st.sampled_from([3, 2, 1]),
        honours_keys=st.sampled_from([False, False, True]),
        activates_late=st.booleans(),
        may_cancel=st.booleans(),
        faults=st.lists(st.tuples(positions, faults), min_size=1, max_size=4),
        lost=lost_changes,
    )
    def place(
        self,
        policy: CompletionPolicy,
        number: int,
        honours_keys: bool,
        activates_late: bool,
        may_cancel: bool,
        faults: list[tuple[int, tuple[str, str]]],
        lost: tuple[str, str] | None,
    ) -> None:
        """Where a removal gets lost, the last part fails, so that there is something to remove."""
        if lost is not None and lost[0] == "terminate":
            policy, number = CompletionPolicy.ALL_OR_NOTHING, max(number, 2)
        self.scene.operators = {
            slug: Operator(slug, honours_keys, activates_late=activates_late) for slug in SLUGS[:number]
        }
        for position, fault in faults:
            self.operator(position).fails(*fault)
        if lost is not None:
            self.operator(0).fails(*lost)
        if lost is not None and lost[0] == "terminate":
            self.operator(number - 1).fails("add", "doom")
        self.may_cancel, self.loses = may_cancel, lost is not None
        self.order_id = self.runner.run(self.scene.place(policy, SLUGS[:number])).id
        self.begin(0.0)

    def teardown(self) -> None:
        """All is well from now on, and persons retry what is held: so it ends."""
        if not self.order_id:
            return
        if self.loses:
            self.comes_to_its_losses()
        for operator in self.scene.operators.values():
            operator.mend()
        self.kill()
        self.begin(0.0)
        for _ in range(12):
            if self.order.state in FINAL_ORDER_STATES:
                break
            self.runner.run(self.scene.retry(self.order_id, self.clock))
            self.runner.run(self.scene.advance(31))
            self.deliver_all()
            self.runner.run(self.scene.advance(31))
            self.what_is_stored_is_true()
        self.check_end()
        self.kill()

    def comes_to_its_losses(self) -> None:
        """Whatever fails on the way; else all would be well before there is anything to lose."""
        self.kill()
        self.begin(0.0)
        for _ in range(8):
            self.runner.run(self.scene.retry(self.order_id, self.clock))
            self.deliver_all()
            self.runner.run(self.scene.advance(16))
            self.what_is_stored_is_true()

    # What happens.

    @rule(seconds=st.sampled_from([0.5, 3.0, 16.0, 70.0]))
    def time_passes(self, seconds: float) -> None:
        self.runner.run(self.scene.advance(seconds))

    @rule(whom=st.sets(positions, min_size=1), is_told=st.booleans(), seconds=st.sampled_from([0.0, 0.5, 3.0]))
    def is_delivered(self, whom: set[int], is_told: bool, seconds: float) -> None:
        for at in sorted(whom):
            self.operator(at).deliver()
            if is_told:
                self.events_come(at, 1)
        self.runner.run(self.scene.advance(seconds))

    @rule(at=positions, copies=st.integers(1, 3))
    def events_come(self, at: int, copies: int) -> None:
        """In any order, of anything, any number of times."""
        self.runner.run(self.tell(self.operator(at), copies))

    @rule(at=positions, fault=faults, times=st.integers(1, 3))
    def will_fail(self, at: int, fault: tuple[str, str], times: int) -> None:
        self.operator(at).fails(*fault, times)

    @rule(at=positions, answer=st.sampled_from([CancellationState.REFUSED, CancellationState.IN_PROGRESS]))
    def who_cancels_is_answered(self, at: int, answer: CancellationState) -> None:
        self.operator(at).cancels = answer

    # What may be done is asked within a rule, not before it: threads take turns of their own, so what an order is at
    # may differ when Hypothesis tries the same course again.

    @precondition(lambda self: self.may_cancel)
    @rule()
    def customer_cancels(self) -> None:
        if OrderAction.CANCEL in allowed_actions(self.order):
            self.wants_cancelled = True
            self.runner.run(self.scene.ask_to_cancel(self.order_id, self.clock))

    @rule()
    def person_retries(self) -> None:
        self.runner.run(self.scene.retry(self.order_id, self.clock))

    @precondition(lambda self: self.living is not None)
    @rule()
    def die(self) -> None:
        self.kill()

    @precondition(lambda self: self.living is not None)
    @rule(points=st.integers(0, 12))
    def will_die_at(self, points: int) -> None:
        """At any point, however little it has done of a step."""
        assert self.living is not None
        self.living.will_end(points, stops=False)

    @precondition(lambda self: self.living is not None)
    @rule(step=st.sampled_from(Step), moment=st.sampled_from(["before", "answered", "after"]))
    def will_die(self, step: Step, moment: str) -> None:
        assert self.living is not None
        self.living.dies_at = (step, moment)

    @rule(set_by_s=clocks)
    def starts(self, set_by_s: float) -> None:
        if self.living is None or self.living.task.done():
            self.begin(set_by_s)

    @precondition(lambda self: self.living is not None)
    @rule(set_by_s=clocks, points=st.integers(0, 15), waits_s=st.sampled_from([3.0, 16.0]))
    def is_taken_over(self, set_by_s: float, points: int, waits_s: float) -> None:
        """The driver stands still in the middle of something, another goes on, and it wakes as if nothing had been."""
        former = self.living
        assert former is not None
        former.will_end(points, stops=True)
        self.is_delivered({0, 1, 2}, is_told=True, seconds=3.0)
        if self.stale is not None:
            self.runner.run(self.scene.kill(self.stale))
        self.stale, former.has_lost = former, True
        self.begin(set_by_s)
        self.runner.run(self.scene.advance(waits_s))
        former.goes_on()

    @precondition(lambda self: self.living is not None)
    @rule(set_by_s=clocks)
    def clock_is_set(self, set_by_s: float) -> None:
        self.clock.set_by_s = set_by_s

    # What must be so after each of it.

    @invariant()
    def what_is_stored_is_true(self) -> None:
        if self.order_id:
            order, events = self.runner.run(self.scene.settled(self.order_id))
            assert order.state is order_state(order, self.clock.now())
            for item in order.items:
                self.check_item(order, item)
            for operator in self.scene.operators.values():
                assert set(operator.made.values()) <= {1}, operator.made
            self.check_history(order, events)

    def check_history(self, order: Order, events: Sequence[OrderEvent]) -> None:
        """No gap and no repeat; what was told stays told; the end is told once, and last."""
        assert [event.sequence for event in events] == list(range(1, len(events) + 1))
        assert [event.id for event in events][: len(self.seen)] == self.seen
        assert events[-1].order_state is order.state
        assert [each.sequence for each in events if each.order_state in FINAL_ORDER_STATES] in ([], [len(events)])
        self.seen = [event.id for event in events]

    def check_item(self, order: Order, item: OrderItem) -> None:
        operator, keys = self.scene.operators[item.provider], f"{order.id}/{item.position}/"
        if item.phase is ItemPhase.DONE:
            assert operator.active(keys) == 1
        if item.phase in {ItemPhase.QUALIFYING, ItemPhase.WAITING, ItemPhase.ENDED}:
            assert operator.left(keys) == []

    def check_end(self) -> None:
        order = self.order
        assert order.state in FINAL_ORDER_STATES, order
        states = Counter(item.state for item in order.items)
        has_refused = any(each.has_refused for each in self.scene.operators.values())
        asked = [each.state for each in order.cancellations]
        assert set(asked) <= {CancellationState.DONE, CancellationState.REFUSED}
        if not has_refused and not self.wants_cancelled:
            assert order.state is OrderState.COMPLETED
        if order.completion_policy is CompletionPolicy.ALL_OR_NOTHING:
            assert states[OrderItemState.COMPLETED] in {0, len(order.items)}
        if CancellationState.DONE in asked:
            assert states[OrderItemState.COMPLETED] == 0
        if order.state is OrderState.CANCELLED:
            assert CancellationState.DONE in asked

    def ends_at(self, points: int, *, stops: bool) -> bool:
        """The driver ends at that point, another goes on, the first wakes if it can: whether it got there at all."""
        former = self.living
        assert former is not None
        former.will_end(points, stops=stops)
        for _ in range(3):
            if not former.has_ended:
                self.runner.run(self.scene.advance(2))
                self.deliver_all()
        self.stale, former.has_lost = former, True
        is_reached = former.has_ended
        self.begin(0.0)
        self.runner.run(self.scene.advance(3))
        former.goes_on()
        self.what_is_stored_is_true()
        return is_reached

    # By what means.

    @property
    def order(self) -> Order:
        return self.runner.run(self.scene.read(self.order_id))

    @property
    def clock(self) -> LoopClock:
        return self.living.clock if self.living else LoopClock(self.scene.loop)

    def begin(self, set_by_s: float) -> None:
        self.living = self.scene.start(self.order_id, set_by_s)

    def kill(self) -> None:
        for process in (self.living, self.stale):
            if process is not None:
                self.runner.run(self.scene.kill(process))
        self.living = self.stale = None

    def operator(self, at: int) -> Operator:
        return self.scene.operators[SLUGS[at % len(self.scene.operators)]]

    def deliver_all(self) -> None:
        for operator in self.scene.operators.values():
            operator.deliver()

    async def tell(self, operator: Operator, copies: int) -> None:
        for entry in [each for each in operator.orders.values() for _ in range(copies)]:
            self.scene.wakeups.notify(
                f"provider-order:{operator.slug}:{entry.ref}", f"provider-key:{operator.slug}:{entry.key}"
            )
            await asyncio.sleep(0)
