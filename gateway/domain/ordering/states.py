"""States of orders, items and cancellations: TM Forum's names (TMF622 v4.0.0) in capitals."""

from enum import StrEnum


class OrderState(StrEnum):
    """TMF622 ProductOrderStateType."""

    ACKNOWLEDGED = "ACKNOWLEDGED"
    PENDING = "PENDING"
    HELD = "HELD"
    IN_PROGRESS = "IN_PROGRESS"
    ASSESSING_CANCELLATION = "ASSESSING_CANCELLATION"
    PENDING_CANCELLATION = "PENDING_CANCELLATION"
    CANCELLED = "CANCELLED"
    COMPLETED = "COMPLETED"
    PARTIAL = "PARTIAL"
    FAILED = "FAILED"
    REJECTED = "REJECTED"


class OrderItemState(StrEnum):
    """TMF622 ProductOrderItemStateType."""

    ACKNOWLEDGED = "ACKNOWLEDGED"
    PENDING = "PENDING"
    HELD = "HELD"
    IN_PROGRESS = "IN_PROGRESS"
    ASSESSING_CANCELLATION = "ASSESSING_CANCELLATION"
    PENDING_CANCELLATION = "PENDING_CANCELLATION"
    CANCELLED = "CANCELLED"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    REJECTED = "REJECTED"


class CancellationState(StrEnum):
    """TMF622 TaskStateType, with REFUSED for `terminatedWithError`."""

    ACKNOWLEDGED = "ACKNOWLEDGED"
    IN_PROGRESS = "IN_PROGRESS"
    DONE = "DONE"
    REFUSED = "REFUSED"


class ItemAction(StrEnum):
    """TMF622 OrderItemActionType."""

    ADD = "ADD"
    MODIFY = "MODIFY"
    DELETE = "DELETE"
    NO_CHANGE = "NO_CHANGE"


class ItemIntent(StrEnum):
    """What the customer means by the action."""

    ORDER = "ORDER"
    CHANGE = "CHANGE"
    PAUSE = "PAUSE"
    RESUME = "RESUME"
    TERMINATE = "TERMINATE"
    MIGRATE = "MIGRATE"


class CompletionPolicy(StrEnum):
    """ALL_OR_NOTHING undoes what was delivered when a part fails for good; BEST_EFFORT keeps it."""

    ALL_OR_NOTHING = "ALL_OR_NOTHING"
    BEST_EFFORT = "BEST_EFFORT"


class ItemPhase(StrEnum):
    """Where an item stands in the saga; each is a promise of what the store already holds.

    QUALIFYING: the provider is asked once more whether it delivers. WAITING: nothing sent. PLACING: key stored, the
    provider's order may exist. TRACKING: the provider's order exists. ACTIVATING:
    it is complete, its product is read until ACTIVE. DONE: ACTIVE. CANCELLING: a cancellation is to be asked for, or
    was. REMOVING: key of
    the order that deletes the product stored, it may exist. REMOVAL_TRACKING: it exists. ENDED: nothing of it is left
    at the provider,
    or nothing ever was.
    """

    QUALIFYING = "QUALIFYING"
    WAITING = "WAITING"
    PLACING = "PLACING"
    TRACKING = "TRACKING"
    ACTIVATING = "ACTIVATING"
    DONE = "DONE"
    CANCELLING = "CANCELLING"
    REMOVING = "REMOVING"
    REMOVAL_TRACKING = "REMOVAL_TRACKING"
    ENDED = "ENDED"


FINAL_ORDER_STATES = frozenset(
    {OrderState.CANCELLED, OrderState.COMPLETED, OrderState.PARTIAL, OrderState.FAILED, OrderState.REJECTED}
)
FINAL_ITEM_STATES = frozenset(
    {OrderItemState.CANCELLED, OrderItemState.COMPLETED, OrderItemState.FAILED, OrderItemState.REJECTED}
)
