"""The plan, the changes and the state of an order, against every course an order can take."""

import dataclasses
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.domain.identity import provider_id
from gateway.domain.inventory import ProductStatus
from gateway.domain.ordering.aggregation import allowed_actions, completion_percent
from gateway.domain.ordering.orders import Cancellation, Failure, Order, OrderAction, OrderedProduct, OrderItem
from gateway.domain.ordering.reasons import FailureCode, HoldCode
from gateway.domain.ordering.states import (
    FINAL_ORDER_STATES,
    CancellationState,
    CompletionPolicy,
    ItemPhase,
    OrderItemState,
    OrderState,
)
from gateway.saga import changes
from gateway.saga.changes import settled
from gateway.saga.history import events_between
from gateway.saga.plan import Action, Step, next_actions
from tests.saga.orders import NOW, a_chain, an_item, an_order, item_id

FAILURE = Failure(FailureCode.PROVIDER_FAILED)
PRODUCT = OrderedProduct(provider_id("Product", "p", "1"), "1", "Product", ProductStatus.ACTIVE)


def steps_of(order: Order) -> dict[int, Step]:
    """The planned step by the item's position."""
    positions = {item.id: item.position for item in order.items}
    return {positions[action.item_id]: action.step for action in next_actions(order, NOW)}


def in_phase(order: Order, position: int, phase: ItemPhase) -> Order:
    item = order.item(item_id(position))
    assert item is not None
    extra = {"product": PRODUCT} if phase in {ItemPhase.DONE, ItemPhase.ACTIVATING} else {}
    return settled(changes.moved(order, item, phase, NOW, **extra), NOW)


def with_cancellation(order: Order) -> Order:
    asked = Cancellation(f"cancellation-{len(order.cancellations)}", order.id, CancellationState.ACKNOWLEDGED, NOW)
    return settled(changes.cancellation_requested(order, asked), NOW)


@pytest.mark.requirement("F6")
def test_every_item_is_qualified_before_any_is_placed() -> None:
    order = a_chain()

    assert steps_of(order) == {1: Step.QUALIFY, 2: Step.QUALIFY, 3: Step.QUALIFY}

    for position in (1, 2):
        order = in_phase(order, position, ItemPhase.WAITING)
    assert steps_of(order) == {3: Step.QUALIFY}


def test_what_is_depended_on_is_placed_first_and_independent_items_side_by_side() -> None:
    order = an_order(an_item(1, (2,)), an_item(2), an_item(3))
    for position in (1, 2, 3):
        order = in_phase(order, position, ItemPhase.WAITING)

    assert steps_of(order) == {2: Step.PLACE, 3: Step.PLACE}

    order = in_phase(order, 2, ItemPhase.DONE)
    assert steps_of(order) == {1: Step.PLACE, 3: Step.PLACE}


def test_nothing_is_placed_before_the_requested_start() -> None:
    order = in_phase(an_order(an_item(1)), 1, ItemPhase.WAITING)
    later = dataclasses.replace(order, requested_start_at=NOW + timedelta(hours=1))

    assert next_actions(later, NOW) == ()
    assert settled(later, NOW).state is OrderState.PENDING
    assert next_actions(later, NOW + timedelta(hours=1)) == (Action(item_id(1), Step.PLACE),)


def test_all_or_nothing_undoes_in_reverse_order() -> None:
    order = a_chain()
    for position, phase in ((2, ItemPhase.DONE), (1, ItemPhase.DONE), (3, ItemPhase.TRACKING)):
        order = in_phase(order, position, phase)
    content = order.item(item_id(3))
    assert content is not None

    order = settled(changes.failed(order, content, FAILURE, NOW), NOW)

    assert order.state is OrderState.IN_PROGRESS
    assert steps_of(order) == {1: Step.REMOVE}
    order = in_phase(order, 1, ItemPhase.ENDED)
    assert steps_of(order) == {2: Step.REMOVE}
    order = in_phase(order, 2, ItemPhase.ENDED)
    assert order.state is OrderState.FAILED
    assert [item.state for item in order.items] == [
        OrderItemState.CANCELLED,
        OrderItemState.CANCELLED,
        OrderItemState.FAILED,
    ]


def test_best_effort_keeps_what_was_delivered_and_fails_what_can_no_longer_be() -> None:
    order = a_chain(CompletionPolicy.BEST_EFFORT)
    for position, phase in ((2, ItemPhase.DONE), (3, ItemPhase.WAITING), (1, ItemPhase.TRACKING)):
        order = in_phase(order, position, phase)
    service = order.item(item_id(1))
    assert service is not None

    order = settled(changes.failed(order, service, FAILURE, NOW), NOW)

    assert order.state is OrderState.PARTIAL
    assert [item.failure and item.failure.code for item in order.items] == [
        FailureCode.PROVIDER_FAILED,
        None,
        FailureCode.DEPENDENCY_FAILED,
    ]


def test_an_order_is_held_when_nothing_else_can_go_on() -> None:
    order = an_order(an_item(1, (2,)), an_item(2), an_item(3))
    for position, phase in ((1, ItemPhase.WAITING), (2, ItemPhase.TRACKING), (3, ItemPhase.TRACKING)):
        order = in_phase(order, position, phase)
    access = order.item(item_id(2))
    assert access is not None

    held = settled(changes.held(order, access, HoldCode.PROVIDER_TOO_SLOW, NOW), NOW)
    assert held.state is OrderState.IN_PROGRESS

    held = in_phase(held, 3, ItemPhase.DONE)
    assert held.state is OrderState.HELD
    assert allowed_actions(held) == (OrderAction.CANCEL, OrderAction.RETRY)
    assert [event.kind for event in events_between(order, held)] == [
        "OrderItemHeld",
        "OrderItemActivated",
        "OrderStateChanged",
    ]


@pytest.mark.requirement("F12")
def test_a_refusal_while_it_is_assessed_puts_the_order_back_to_work() -> None:
    order = a_chain()
    for position, phase in ((2, ItemPhase.TRACKING), (1, ItemPhase.WAITING), (3, ItemPhase.WAITING)):
        order = in_phase(order, position, phase)

    asked = with_cancellation(order)
    assert asked.state is OrderState.ASSESSING_CANCELLATION
    assert steps_of(asked) == {2: Step.CANCEL}

    access = asked.item(item_id(2))
    assert access is not None
    refused = settled(changes.cancel_refused(asked, access, NOW, {}), NOW)
    assert refused.state is OrderState.IN_PROGRESS
    assert refused.cancellations[0].state is CancellationState.REFUSED
    assert [each.item_id for each in refused.cancellations[0].refusals] == [item_id(2)]
    assert steps_of(refused) == {2: Step.TRACK}
    assert [event.kind for event in events_between(asked, refused)] == ["OrderCancellationRefused", "OrderStateChanged"]


@pytest.mark.requirement("F12")
def test_nobody_else_is_asked_to_cancel_before_the_first_has_answered() -> None:
    order = in_phase(in_phase(an_order(an_item(1), an_item(2)), 1, ItemPhase.TRACKING), 2, ItemPhase.TRACKING)
    asked = with_cancellation(order)
    assert steps_of(asked) == {1: Step.CANCEL}

    first = asked.item(item_id(1))
    assert first is not None
    asked = settled(changes.moved(asked, first, ItemPhase.CANCELLING, NOW + timedelta(seconds=1)), NOW)
    assert steps_of(asked) == {1: Step.CANCEL}


@pytest.mark.requirement("F12")
def test_cancelling_before_anything_is_placed_is_done_at_once() -> None:
    order = with_cancellation(a_chain())

    assert order.state is OrderState.CANCELLED
    assert order.cancellations[0].state is CancellationState.DONE
    assert [event.kind for event in events_between(a_chain(), order)] == [
        "OrderCancellationRequested",
        "OrderItemUndone",
        "OrderItemUndone",
        "OrderItemUndone",
        "OrderCancelled",
    ]


def test_the_percentage_reaches_100_only_when_all_is_delivered() -> None:
    order = a_chain()
    seen = [completion_percent(order)]
    for position in (2, 1, 3):
        for phase in (ItemPhase.PLACING, ItemPhase.TRACKING, ItemPhase.ACTIVATING, ItemPhase.DONE):
            order = in_phase(order, position, phase)
            seen.append(completion_percent(order))

    assert seen == sorted(seen)
    assert (seen[0], seen[-2] < 100, seen[-1]) == (0, True, 100)


OUTCOMES = {
    Step.QUALIFY: ("waiting", "failed"),
    Step.PLACE: ("placing", "tracking", "failed", "held"),
    Step.TRACK: ("tracking", "activating", "failed", "held"),
    Step.ACTIVATE: ("activating", "done", "failed", "held"),
    Step.ABANDON: ("tracking", "ended"),
    Step.CANCEL: ("accepted", "cancelled", "refused"),
    Step.REMOVE: ("removing", "removal_tracking"),
    Step.TRACK_REMOVAL: ("removal_tracking", "ended"),
}


def learnt(order: Order, item: OrderItem, outcome: str) -> Order:
    """The order after that outcome of a step."""
    if outcome == "failed":
        return changes.failed(order, item, FAILURE, NOW)
    if outcome == "held":
        return changes.held(order, item, HoldCode.PROVIDER_TOO_SLOW, NOW)
    if outcome in {"accepted", "cancelled"}:
        return changes.cancel_accepted(order, item, outcome == "cancelled", NOW)
    if outcome == "refused":
        return changes.cancel_refused(order, item, NOW, {})
    if outcome == "ended":
        return changes.ended(order, item, NOW)
    phase = ItemPhase[outcome.upper()]
    return changes.moved(order, item, phase, NOW, product=PRODUCT if phase is ItemPhase.DONE else item.product)


def check_invariants(before: Order, after: Order, placed: set[str]) -> None:
    if after.completion_policy is CompletionPolicy.ALL_OR_NOTHING and after.state in FINAL_ORDER_STATES:
        assert after.state is not OrderState.PARTIAL
        delivered = {item.state is OrderItemState.COMPLETED for item in after.items}
        assert len(delivered) == 1
    for item in after.items:
        if item.phase is ItemPhase.PLACING and item.id not in placed:
            placed.add(item.id)
            depended_on = [after.item(each) for each in item.depends_on]
            assert all(each is not None and each.phase is ItemPhase.DONE for each in depended_on)
    if before != after:
        kinds = [event.kind for event in events_between(before, after)]
        is_final = after.state in FINAL_ORDER_STATES
        assert kinds.count("OrderStateChanged") + sum(kind in LAST for kind in kinds) == (before.state != after.state)
        assert not is_final or kinds[-1] in LAST


LAST = {"OrderCompleted", "OrderPartiallyCompleted", "OrderFailed", "OrderCancelled"}


@settings(max_examples=300, deadline=None)
@given(data=st.data(), policy=st.sampled_from(CompletionPolicy), cancel_at=st.integers(0, 30))
def test_every_course_ends_in_a_final_state_or_held_for_a_person(
    data: st.DataObject, policy: CompletionPolicy, cancel_at: int
) -> None:
    order, placed = a_chain(policy), set[str]()
    for turn in range(200):
        if turn == cancel_at and OrderAction.CANCEL in allowed_actions(order):
            order = with_cancellation(order)
        actions = next_actions(order, NOW)
        assert actions or order.state in FINAL_ORDER_STATES or order.state is OrderState.HELD
        if not actions:
            break
        action = data.draw(st.sampled_from(actions))
        item = order.item(action.item_id)
        assert item is not None
        # Late in the run the last outcome of each step is taken, so that every run ends.
        outcomes = OUTCOMES[action.step]
        outcome = data.draw(st.sampled_from(outcomes)) if turn < 60 else outcomes[1 if len(outcomes) > 1 else 0]
        after = settled(learnt(order, item, outcome), NOW)
        check_invariants(order, after, placed)
        order = after
    assert order.state in FINAL_ORDER_STATES or order.state is OrderState.HELD
