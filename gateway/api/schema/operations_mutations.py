"""What operations does to orders that can't go on by themselves; `retryOrderItem` is with the customers' own."""

from typing import Annotated, Any

import strawberry

from gateway.api.context import Info
from gateway.api.schema.access import mutation
from gateway.api.schema.declaring import argument, doc
from gateway.api.schema.errors import UserErrors, payload
from gateway.api.schema.order_mutations import KEY, KEYED
from gateway.api.schema.weights import Weight
from gateway.domain.ordering.operations import OperationsItem, OperationsOrder, operations_item
from gateway.usecases import interventions
from gateway.usecases.operations import shown
from gateway.usecases.policy import Access

_REASONED = ("REASON_REQUIRED", "REASON_TOO_LONG")
_WHY = "Why, at most 500 characters: kept beside the order's steps, for operations alone."

SkipOrderItemErrors = UserErrors(
    "SkipOrderItem",
    "NOT_FOUND",
    "NOT_HELD",
    "ALREADY_DELIVERED",
    "BEING_UNDONE",
    "CHANGED_MEANWHILE",
    "LOOK_FAILED",
    "LOOK_TOO_EARLY",
    *_REASONED,
    *KEYED,
)
FailOrderErrors = UserErrors("FailOrder", "NOT_FOUND", "ORDER_ENDED", "BEING_UNDONE", *_REASONED, *KEYED)
SkipOrderItemPayload = payload(
    "SkipOrderItem",
    SkipOrderItemErrors,
    item=(OperationsItem, "The item as it is now."),
    order=(OperationsOrder, "The order as it is now."),
)
FailOrderPayload = payload("FailOrder", FailOrderErrors, order=(OperationsOrder, "The order as it is now."))


@strawberry.input(description="What to give up, and why.")
class SkipOrderItemInput:
    """A held item."""

    order_id: strawberry.ID = doc("The order.")
    item_id: strawberry.ID = doc("The item.")
    reason: str = doc(_WHY)
    idempotency_key: str = doc(KEY)


@strawberry.input(description="What to give up as a whole, and why.")
class FailOrderInput:
    """An open order."""

    order_id: strawberry.ID = doc("The order.")
    reason: str = doc(_WHY)
    idempotency_key: str = doc(KEY)


@strawberry.type
class OperationsMutations:
    """The mutations of operations."""

    @mutation(Access.OPERATIONS, SkipOrderItemPayload, SkipOrderItemErrors, Weight.ORDER)
    async def skip_order_item(
        self, info: Info, input: Annotated[SkipOrderItemInput, argument("What to give up, and why.")]
    ) -> Any:
        """Gives a held item up, after a look at its provider: what is under way there is cancelled first, what is
        delivered is not skipped. It ends FAILED, and the rest goes on by the order's completion policy.
        """
        context = info.context
        asked = interventions.ItemIntervention(input.order_id, input.item_id, input.reason, input.idempotency_key)
        item, order = await interventions.skip_item(context.core, context.caller, asked)
        return SkipOrderItemPayload(item=operations_item(item), order=shown(context.core, order))

    @mutation(Access.OPERATIONS, FailOrderPayload, FailOrderErrors, Weight.ORDER)
    async def fail_order(
        self, info: Info, input: Annotated[FailOrderInput, argument("What to give up, and why.")]
    ) -> Any:
        """Gives an open order up: what was done is undone in reverse order, and it ends FAILED."""
        context = info.context
        asked = interventions.OrderIntervention(input.order_id, input.reason, input.idempotency_key)
        order = await interventions.fail_order(context.core, context.caller, asked)
        return FailOrderPayload(order=shown(context.core, order))
