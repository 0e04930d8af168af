"""An order's state, computed from its items': TM Forum leaves the rules open, these are ours.

an open cancellation that some provider has still to assess     ASSESSING_CANCELLATION
an open cancellation that is being carried out                  PENDING_CANCELLATION
an item HELD, and no other item able to go on                   HELD (also in a cancellation: a person must look)
every item COMPLETED                                            COMPLETED
every item final, some COMPLETED                                PARTIAL
every item final, none COMPLETED, given up by a person          FAILED
every item final, none COMPLETED, cancellation done             CANCELLED
every item REJECTED                                             REJECTED
every item final, none COMPLETED                                FAILED
nothing placed yet, the start lies ahead                        PENDING
no item begun                                                   ACKNOWLEDGED
else                                                            IN_PROGRESS
"""

from datetime import datetime

from gateway.domain.ordering.orders import Order, OrderAction, OrderItem
from gateway.domain.ordering.states import (
    FINAL_ITEM_STATES,
    FINAL_ORDER_STATES,
    CancellationState,
    CompletionPolicy,
    ItemPhase,
    OrderItemState,
    OrderState,
)

_UNBEGUN = frozenset({ItemPhase.QUALIFYING, ItemPhase.WAITING})
# How far an item has come in each phase, in percent.
_PROGRESS = {
    ItemPhase.QUALIFYING: 0,
    ItemPhase.WAITING: 5,
    ItemPhase.PLACING: 15,
    ItemPhase.TRACKING: 40,
    ItemPhase.ACTIVATING: 85,
    ItemPhase.DONE: 100,
}


def order_state(order: Order, now: datetime) -> OrderState:
    """The state by the table above."""
    if is_settled(order):
        return _final_state(order, [item.state for item in order.items])
    if is_stuck(order):
        return OrderState.HELD
    if order.open_cancellation is not None:
        is_assessing = order.open_cancellation.state is CancellationState.ACKNOWLEDGED
        return OrderState.ASSESSING_CANCELLATION if is_assessing else OrderState.PENDING_CANCELLATION
    if all(item.phase in _UNBEGUN for item in order.items):
        lies_ahead = order.requested_start_at is not None and order.requested_start_at > now
        return OrderState.PENDING if lies_ahead else OrderState.ACKNOWLEDGED
    return OrderState.IN_PROGRESS


def is_settled(order: Order) -> bool:
    """Whether nothing is left to do: every item is final, and none that was delivered is to be undone."""
    is_undoing = needs_undo(order)
    return all(
        item.state in FINAL_ITEM_STATES and not (is_undoing and item.phase is ItemPhase.DONE) for item in order.items
    )


def _final_state(order: Order, states: list[OrderItemState]) -> OrderState:
    completed = states.count(OrderItemState.COMPLETED)
    if completed == len(states):
        return OrderState.COMPLETED
    if completed:
        return OrderState.PARTIAL
    if order.failure is not None:
        return OrderState.FAILED
    if any(each.state is not CancellationState.REFUSED for each in order.cancellations):
        return OrderState.CANCELLED
    return OrderState.REJECTED if set(states) == {OrderItemState.REJECTED} else OrderState.FAILED


def is_stuck(order: Order) -> bool:
    """Whether an item is HELD and every other is final, HELD, or waits for one that is."""
    held = {item.id for item in order.items if item.hold is not None}
    return bool(held) and all(_cannot_go_on(order, item, held) for item in order.items)


def _cannot_go_on(order: Order, item: OrderItem, held: set[str]) -> bool:
    if item.hold is not None or item.phase is ItemPhase.ENDED:
        return True
    if needs_undo(order):
        return any(_waits_for_undo(order, item, each) for each in held)
    is_waiting = item.phase is ItemPhase.WAITING and any(_waits_for(order, each, held) for each in item.depends_on)
    return is_waiting or item.phase is ItemPhase.DONE


def _waits_for(order: Order, item_id: str, held: set[str]) -> bool:
    item = order.item(item_id)
    return item_id in held or (item is not None and any(_waits_for(order, each, held) for each in item.depends_on))


def _waits_for_undo(order: Order, item: OrderItem, held_id: str) -> bool:
    # What is undone waits for those that depend on it, and for those that depend on these.
    return _waits_for(order, held_id, {item.id})


def needs_undo(order: Order) -> bool:
    """Whether what was done is to be undone: it is given up or being cancelled, or all is to be nothing."""
    if order.failure is not None:
        return True
    cancellation = order.open_cancellation
    if cancellation is not None and cancellation.state is CancellationState.IN_PROGRESS:
        return True
    failed = {OrderItemState.FAILED, OrderItemState.REJECTED}
    is_all_or_nothing = order.completion_policy is CompletionPolicy.ALL_OR_NOTHING
    return is_all_or_nothing and any(item.state in failed for item in order.items)


def completion_percent(order: Order) -> int:
    """How far the order has come towards delivery, 0 to 100; what is undone counts nothing."""
    return sum(_PROGRESS.get(item.phase, 0) for item in order.items) // max(len(order.items), 1)


def allowed_actions(order: Order) -> tuple[OrderAction, ...]:
    """What may be asked for now: CANCEL until it ends, once at a time; RETRY while an item is HELD."""
    if order.state in FINAL_ORDER_STATES:
        return ()
    can_cancel = order.open_cancellation is None and not needs_undo(order)
    can_retry = any(item.hold is not None for item in order.items)
    return (OrderAction.CANCEL,) * can_cancel + (OrderAction.RETRY,) * can_retry
