"""Placing and cancelling orders."""

from datetime import datetime
from typing import Annotated, Any

import strawberry
from strawberry import UNSET

from gateway.api.context import Context, Info
from gateway.api.schema.access import mutation
from gateway.api.schema.declaring import argument, doc
from gateway.api.schema.errors import UserErrors, payload
from gateway.api.schema.weights import Weight
from gateway.domain.authorizations import SelfServiceFunction
from gateway.domain.ordering.bundles import Bundle
from gateway.domain.ordering.operations import OperationsOrder
from gateway.domain.ordering.orders import Cancellation, Order, OrderItem
from gateway.domain.ordering.states import CompletionPolicy
from gateway.usecases import interventions, ordering
from gateway.usecases.operations import shown
from gateway.usecases.policy import REFUSALS, Access, is_operations

KEY = (
    "A key of the client's, 1 to 200 characters. The same key and input answer the same object; "
    "another input is a user error."
)

KEYED = ("IDEMPOTENCY_KEY_INVALID", "IDEMPOTENCY_KEY_REUSED")

PlaceOrderErrors = UserErrors(
    "PlaceOrder",
    "NOT_FOUND",
    "BUNDLE_NOT_OPEN",
    "NOT_ORDERABLE",
    "REVISION_MISMATCH",
    "CURRENCY_MISMATCH",
    "SPENDING_LIMIT_EXCEEDED",
    "START_OUT_OF_RANGE",
    "TERMS_NOT_ACCEPTED",
    *KEYED,
    *REFUSALS,
)
CancelOrderErrors = UserErrors("CancelOrder", "NOT_FOUND", "NOT_CANCELLABLE", "REASON_TOO_LONG", *KEYED, *REFUSALS)
RetryOrderItemErrors = UserErrors(
    "RetryOrderItem",
    "NOT_FOUND",
    "NOT_HELD",
    "CHANGED_MEANWHILE",
    "LOOK_FAILED",
    "LOOK_TOO_EARLY",
    "REASON_REQUIRED",
    "REASON_TOO_LONG",
    *KEYED,
    *REFUSALS,
)
PlaceOrderPayload = payload(
    "PlaceOrder",
    PlaceOrderErrors,
    order=(Order, "The order that was placed."),
    bundle=(Bundle, "The bundle as it is now."),
)
CancelOrderPayload = payload(
    "CancelOrder",
    CancelOrderErrors,
    cancellation=(Cancellation, "The request to cancel it."),
    order=(Order, "The order as it is now."),
)

RetryOrderItemPayload = payload(
    "RetryOrderItem",
    RetryOrderItemErrors,
    item=(OrderItem, "The item as it is now; null for operations."),
    order=(Order, "The order as it is now; null for operations."),
    operations_order=(OperationsOrder, "The order as it is now, for operations; null for the customer."),
)


@strawberry.input(description="What to order, exactly as it was shown.")
class PlaceOrderInput:
    """A revision of a bundle, and the terms that were accepted."""

    bundle_id: strawberry.ID = doc("The bundle.")
    expected_revision: int = doc("The revision that was shown; another one is a user error, and nothing is ordered.")
    idempotency_key: str = doc(KEY)
    accepted_term_ids: list[strawberry.ID] | None = strawberry.field(
        default=UNSET, description="The ids of the terms that the customer accepted, at most 500."
    )
    completion_policy: CompletionPolicy | None = strawberry.field(
        default=CompletionPolicy.ALL_OR_NOTHING, description="What becomes of the rest when a part fails for good."
    )
    requested_start_at: datetime | None = strawberry.field(
        default=UNSET, description="When it is to begin; as soon as possible where left out."
    )


@strawberry.input(description="What to cancel.")
class CancelOrderInput:
    """An order."""

    order_id: strawberry.ID = doc("The order.")
    idempotency_key: str = doc(KEY)
    reason: str | None = strawberry.field(
        default=UNSET, description="Why, in the customer's words, at most 500 characters."
    )


@strawberry.input(description="What to let go on.")
class RetryOrderItemInput:
    """A held item."""

    order_id: strawberry.ID = doc("The order.")
    item_id: strawberry.ID = doc("The item.")
    idempotency_key: str = doc(KEY)
    reason: str | None = strawberry.field(
        default=UNSET,
        description="Why, at most 500 characters: operations must say it, and it is kept beside the order's steps; of "
        "a customer's it is not kept.",
    )


@strawberry.type
class OrderMutations:
    """The mutations of orders."""

    @mutation(Access.SIGNED_IN, PlaceOrderPayload, PlaceOrderErrors, Weight.ORDER, function=SelfServiceFunction.ORDER)
    async def place_order(self, info: Info, input: Annotated[PlaceOrderInput, argument("What to order.")]) -> Any:
        """Orders exactly the revision that was shown, with the terms that were accepted."""
        context = info.context
        asked = ordering.PlaceOrder(
            bundle_id=input.bundle_id,
            expected_revision=input.expected_revision,
            accepted_term_ids=tuple(input.accepted_term_ids or ()),
            idempotency_key=input.idempotency_key,
            completion_policy=input.completion_policy or CompletionPolicy.ALL_OR_NOTHING,
            requested_start_at=input.requested_start_at,
        )
        order, bundle = await ordering.place_order(context.core, context.caller, asked)
        return PlaceOrderPayload(
            order=context.loaders.keep_order(order), bundle=await context.loaders.bundles.shown(bundle, info)
        )

    @mutation(Access.SIGNED_IN, CancelOrderPayload, CancelOrderErrors, Weight.ORDER, function=SelfServiceFunction.ORDER)
    async def cancel_order(self, info: Info, input: Annotated[CancelOrderInput, argument("What to cancel.")]) -> Any:
        """Asks for an order's cancellation: a provider may refuse its part once it is past its point of no return."""
        context = info.context
        asked = ordering.CancelOrder(
            order_id=input.order_id, idempotency_key=input.idempotency_key, reason=input.reason
        )
        cancellation, order = await ordering.cancel_order(context.core, context.caller, asked)
        return CancelOrderPayload(cancellation=cancellation, order=context.loaders.keep_order(order))

    @mutation(
        Access.SIGNED_IN_OR_OPERATIONS,
        RetryOrderItemPayload,
        RetryOrderItemErrors,
        Weight.ORDER,
        function=SelfServiceFunction.ORDER,
    )
    async def retry_order_item(
        self, info: Info, input: Annotated[RetryOrderItemInput, argument("What to let go on.")]
    ) -> Any:
        """Lets a held item go on, with a new time limit. For operations its provider is looked at first: what the last
        attempt did is taken as it is; where it did nothing, a new attempt follows under a new idempotency key.
        """
        context = info.context
        if is_operations(context.caller) and await context.loaders.order(input.order_id) is None:
            return await _retry_by_operations(context, input)
        asked = ordering.RetryOrderItem(
            order_id=input.order_id, item_id=input.item_id, idempotency_key=input.idempotency_key
        )
        item, order = await ordering.retry_order_item(context.core, context.caller, asked)
        return RetryOrderItemPayload(item=item, order=context.loaders.keep_order(order))


async def _retry_by_operations(context: Context, input: RetryOrderItemInput) -> Any:
    asked = interventions.ItemIntervention(input.order_id, input.item_id, input.reason or "", input.idempotency_key)
    _, order = await interventions.retry_item(context.core, context.caller, asked)
    return RetryOrderItemPayload(operations_order=shown(context.core, order))
