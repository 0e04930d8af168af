"""The whole life of an order against a small model: whatever fails, dies, comes twice or late, it ends as it must.

Hypothesis chooses what happens, in any order: providers fail in each of their ways, processes die at any step or lose
their hold while they stand still, events come often or never, clocks are set, customers cancel, persons retry. After
each of it the stored order, its history and what the providers really have must agree.

Deeper: `GATEWAY_TEST_LIVES=2000 uv run pytest -n0 tests/saga/test_life.py`.
"""

import asyncio
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack, contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

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
from tests.saga.hand_time import HandLoop, LoopClock
from tests.saga.lives import Process, Scene, open_scene
from tests.saga.operator import FAULTS, Operator
from tests.saga.world import ACCESS, CONTENT, SERVICE

IN_CI = "CI" in os.environ
LIVES = int(os.environ.get("GATEWAY_TEST_LIVES", "20"))
SLUGS = (ACCESS, SERVICE, CONTENT)
HOUR_S = 3600.0
positions, faults = st.integers(0, 2), st.sampled_from(FAULTS)
clocks = st.sampled_from([0.0, 0.0, HOUR_S, -HOUR_S])


class Life(RuleBasedStateMachine):
    """One order of one to three items."""

    def __init__(self, runner: asyncio.Runner, scene: Scene) -> None:
        super().__init__()
        self.runner, self.scene = runner, scene
        self.order_id = ""
        self.known: Order
        self.living: Process | None = None
        self.stale: Process | None = None
        self.may_cancel = self.wants_cancelled = False
        self.seen: list[str] = []

    # How it begins and ends.

    @initialize(
        policy=st.sampled_from(CompletionPolicy),
        number=st.sampled_from([3, 2, 1]),
        honours_keys=st.sampled_from([False, False, True]),
        activates_late=st.booleans(),
        may_cancel=st.booleans(),
        faults=st.lists(st.tuples(positions, faults), min_size=1, max_size=4),
    )
    def place(
        self,
        policy: CompletionPolicy,
        number: int,
        honours_keys: bool,
        activates_late: bool,
        may_cancel: bool,
        faults: list[tuple[int, tuple[str, str]]],
    ) -> None:
        self.scene.operators = {
            slug: Operator(slug, honours_keys, activates_late=activates_late) for slug in SLUGS[:number]
        }
        for position, fault in faults:
            self.operator(position).fails(*fault)
        self.may_cancel = may_cancel
        self.order_id = self.runner.run(self.scene.place(policy, SLUGS[:number])).id
        self.begin(0.0)

    def teardown(self) -> None:
        """All is well from now on, and persons retry what is held: so it ends."""
        if not self.order_id:
            return
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

    @precondition(lambda self: self.may_cancel and OrderAction.CANCEL in allowed_actions(self.known))
    @rule()
    def customer_cancels(self) -> None:
        if OrderAction.CANCEL in allowed_actions(self.order):
            self.wants_cancelled = True
            self.runner.run(self.scene.ask_to_cancel(self.order_id, self.clock))

    @precondition(lambda self: OrderAction.RETRY in allowed_actions(self.known))
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

    @precondition(lambda self: self.living is None or self.living.task.done())
    @rule(set_by_s=clocks)
    def starts(self, set_by_s: float) -> None:
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
            self.known = order
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
            self.scene.wakeups.notify(f"provider-order:{operator.slug}:{entry.ref}", f"provider-key:{entry.key}")
            await asyncio.sleep(0)


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


@pytest.mark.requirement("R7", "F12")
@pytest.mark.timeout(3600 if LIVES > 100 else 120)
def test_whatever_happens_an_order_ends_as_it_must_and_providers_have_what_it_says() -> None:
    chosen = settings(
        max_examples=LIVES,
        stateful_step_count=40,
        deadline=None,
        derandomize=IN_CI,
        database=None,
        phases=[Phase.generate] if IN_CI else [Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    with a_scene() as (runner, scene):
        run_state_machine_as_test(
            partial(Life, runner, scene),  # type: ignore[arg-type]  # any callable will do
            settings=chosen,
        )


@pytest.mark.parametrize(("stops", "stride"), [(True, 1), (False, 4)], ids=["stands still", "dies"])
def test_whichever_point_a_driver_ends_at_another_goes_on_and_nothing_is_done_twice(stops: bool, stride: int) -> None:
    points, is_reached = 0, True
    with a_scene() as (runner, scene):
        while is_reached:
            life = Life(runner, scene)
            life.place(CompletionPolicy.ALL_OR_NOTHING, 2, False, False, True, [(0, ("place", "away"))])
            is_reached = life.ends_at(points, stops=stops)
            life.teardown()
            points += stride

    # Two parts are placed, followed, and read until they are active.
    assert points > 25
