"""What is to be done next for an order: pure, from the order as it is stored to at most one action an item.

Items go qualify → place → track → activate; all are qualified before any is placed, and an item is placed when what
it depends on is
delivered (content needs the IPTV service, the service needs the access line), independent ones side by side. Undoing
goes the other way: an item is undone when
nothing that depends on it is left. Since the plan is drawn anew from the store each time, it is the same after a crash.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from gateway.domain.ordering.aggregation import needs_undo
from gateway.domain.ordering.orders import Order, OrderItem
from gateway.domain.ordering.states import FINAL_ORDER_STATES, ItemPhase
from gateway.saga.changes import IN_FLIGHT


class Step(StrEnum):
    """The steps of an item; each has its do, its look and its undo in `saga.steps`."""

    QUALIFY = "qualify"
    PLACE = "place"
    TRACK = "track"
    ACTIVATE = "activate"
    ABANDON = "abandon"
    CANCEL = "cancel"
    REMOVE = "remove"
    TRACK_REMOVAL = "track-removal"


@dataclass(frozen=True, slots=True)
class Action:
    """One step to take for one item."""

    item_id: str
    step: Step


_FORWARD = {
    ItemPhase.QUALIFYING: Step.QUALIFY,
    ItemPhase.PLACING: Step.PLACE,
    ItemPhase.TRACKING: Step.TRACK,
    ItemPhase.ACTIVATING: Step.ACTIVATE,
    ItemPhase.CANCELLING: Step.CANCEL,
}
_BACKWARD = {
    ItemPhase.PLACING: Step.ABANDON,
    ItemPhase.TRACKING: Step.CANCEL,
    ItemPhase.CANCELLING: Step.CANCEL,
    ItemPhase.ACTIVATING: Step.REMOVE,
    ItemPhase.DONE: Step.REMOVE,
    ItemPhase.REMOVING: Step.REMOVE,
    ItemPhase.REMOVAL_TRACKING: Step.TRACK_REMOVAL,
}
# A held item in one of these is still looked at: what comes late is taken, and the hold ends by itself.
_WATCHED_WHILE_HELD = frozenset({ItemPhase.TRACKING, ItemPhase.ACTIVATING, ItemPhase.REMOVAL_TRACKING})
_UNDONE_BY_NOW = frozenset({ItemPhase.CANCELLING, ItemPhase.REMOVING, ItemPhase.REMOVAL_TRACKING})


def next_actions(order: Order, now: datetime) -> tuple[Action, ...]:
    """At most one action an item, in the items' order.

    None for a final order, and none for one that only waits for a person.
    """
    if order.state in FINAL_ORDER_STATES:
        return ()
    if needs_undo(order):
        steps = [(item, _undo_step(order, item)) for item in order.items]
    elif order.open_cancellation is not None:
        steps = [_assessment_step(order)]
    else:
        steps = [(item, _forward_step(order, item, now)) for item in order.items]
    return tuple(Action(item.id, step) for item, step in steps if step is not None)


def _forward_step(order: Order, item: OrderItem, now: datetime) -> Step | None:
    if item.hold is not None and item.phase not in _WATCHED_WHILE_HELD:
        return None
    if item.phase is ItemPhase.WAITING:
        return Step.PLACE if _is_due(order, item, now) else None
    return _FORWARD.get(item.phase)


def _is_due(order: Order, item: OrderItem, now: datetime) -> bool:
    has_begun = order.requested_start_at is None or order.requested_start_at <= now
    is_qualified = all(each.phase is not ItemPhase.QUALIFYING for each in order.items)
    delivered = {each.id for each in order.items if each.phase is ItemPhase.DONE}
    return has_begun and is_qualified and delivered.issuperset(item.depends_on)


def _undo_step(order: Order, item: OrderItem) -> Step | None:
    if any(item.id in other.depends_on and other.phase is not ItemPhase.ENDED for other in order.items):
        return None
    if item.hold is not None and item.phase in _UNDONE_BY_NOW and item.phase not in _WATCHED_WHILE_HELD:
        return None
    if item.phase is ItemPhase.TRACKING and item.is_cancel_refused:
        return Step.TRACK
    return _BACKWARD.get(item.phase)


def _assessment_step(order: Order) -> tuple[OrderItem, Step | None]:
    """One provider is asked at a time, the one that is farthest along first.

    It is the likeliest to refuse, and then nothing is lost. So nobody else is asked before it has answered.
    """
    in_flight = [item for item in order.items if item.phase in IN_FLIGHT]
    ripest = min(in_flight, key=_turn)
    return ripest, _BACKWARD[ripest.phase]


def _turn(item: OrderItem) -> tuple[bool, bool, datetime, int]:
    return (
        item.phase is not ItemPhase.CANCELLING,
        item.phase is ItemPhase.PLACING,
        item.phase_since,
        item.position,
    )
