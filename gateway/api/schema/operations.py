"""What operations sees: orders that need a person, the steps that were taken for them, and who drives them."""

from datetime import datetime
from typing import Annotated, Any

import strawberry
from strawberry import UNSET

from gateway.api.context import Info
from gateway.api.schema.access import query
from gateway.api.schema.declaring import argument, doc, enum_type, field, field_of, object_type
from gateway.api.schema.paging import After, First, connection
from gateway.api.schema.scalars import Duration
from gateway.api.schema.weights import Weight
from gateway.domain import paging
from gateway.domain.catalog import providers
from gateway.domain.identity import own_key
from gateway.domain.ordering import operations, orders, states
from gateway.domain.ordering.states import OrderState
from gateway.ports import executors
from gateway.ports.steps import StepRecord
from gateway.usecases import operations as usecases
from gateway.usecases.policy import Access

enum_type(
    states.ItemPhase,
    "Where an item stands between the gateway and its provider. Clients must expect new values.",
    name="OrderItemPhase",
    QUALIFYING="The provider is asked once more whether it delivers.",
    WAITING="Nothing is sent: it waits for what it depends on, or for its start.",
    PLACING="An order is sent, or about to be: the provider may have it.",
    TRACKING="The provider has the order.",
    ACTIVATING="The provider's order is complete; its product is not active yet.",
    DONE="Its product is active.",
    CANCELLING="The cancellation of the provider's order is asked for, or about to be.",
    REMOVING="An order that ends the product is sent, or about to be: the provider may have it.",
    REMOVAL_TRACKING="The provider has the order that ends the product.",
    ENDED="Nothing of it is left at the provider, or nothing ever was.",
)


@strawberry.type(description="Something that was sent with a step.")
class OrderStepInput:
    """A name and its value."""

    name: str = doc("What it is, such as `offering`, `order` or `product`. Clients must expect new names.")
    value: str = doc("A reference, a code or a number; of a form, the keys of the fields that were filled in.")


@object_type(StepRecord)
class OrderStep:
    """A call to a provider about an item, or what a person did (`retry`, `skip`, `fail`)."""

    step: str = doc("What was done, such as `place`, `cancel`, `remove` or `retry`. Clients must expect new values.")
    attempt: int = doc("The attempt of the item, from 1.")
    key: str = doc("The idempotency key that was sent, in which the provider can find the call.")
    started_at: datetime = doc("When it began: kept before it is sent.")
    ended_at: datetime | None = doc("When its outcome was known; null while it is not.")
    outcome: str | None = doc("What came of it; null while that is not known. Clients must expect new values.")
    detail: str = doc("The provider's own words or reference, or the person's reason.")

    @field
    def item_id(self: StepRecord) -> strawberry.ID | None:
        """The item; null for what was done to the order as a whole."""
        return strawberry.ID(self.item_id) if self.item_id else None

    @field_of(size=3)
    def inputs(self: StepRecord) -> list[OrderStepInput]:
        """What was sent with it, by name, at most 20; nothing personal is among it."""
        return [OrderStepInput(name=name, value=value) for name, value in sorted(self.inputs.items())[:20]]


OrderStepConnection = connection(StepRecord, "OrderStep")


@object_type(operations.OperationsItem)
class OperationsOrderItem:
    """An item of an order, as operations sees it."""

    id: strawberry.ID = doc("The item's id in its order.")
    position: int = doc("Its place in the order, from 1.")
    state: states.OrderItemState = doc("Where it stands, as the customer sees it.")
    phase: states.ItemPhase = doc("Where it stands at its provider.")
    phase_since: datetime = doc("When that phase, or its present time limit, began.")
    role: providers.ProviderRole = doc("The role of the offering.")
    offering_id: strawberry.ID = doc("The offering.")
    offering_name: str = doc("The offering's name: a snapshot.")
    attempt: int = doc("The present attempt, from 1: part of the idempotency keys.")
    order_ref: str | None = doc("The provider's own reference of its order.")
    removal_ref: str | None = doc("The provider's own reference of the order that ends the product.")
    product_ref: str | None = doc("The provider's own reference of the product.")
    hold: orders.Hold | None = doc("Why it waits for a person, while it does.")
    failure: orders.Failure | None = doc("Why it failed, or is given up.")
    failure_text: str = doc("What the provider said of the failure; empty where it said nothing.")

    @field
    def provider(self: operations.OperationsItem, info: Info) -> providers.ProviderProfile | None:
        """Who delivers it; null for a provider that is connected no more."""
        return info.context.core.directory.profile(self.provider)

    @field
    def provider_slug(self: operations.OperationsItem) -> str:
        """The slug of the provider, there also when the provider is not."""
        return self.provider


@object_type(operations.OperationsOrder)
class OperationsOrder:
    """A customer's order, as operations sees it: nothing personal is in it but ids."""

    id: strawberry.ID = doc("The order's global id.")
    customer_id: strawberry.ID = doc("Whose it is.")
    state: states.OrderState = doc("Where it stands, in TM Forum's words.")
    completion_policy: states.CompletionPolicy = doc("What becomes of the rest when a part fails for good.")
    placed_at: datetime = doc("When it was placed.")
    requested_start_at: datetime | None = doc("When the customer wants it to begin.")
    expected_completion_at: datetime | None = doc("When the providers expect it to be complete, where they say so.")
    completed_at: datetime | None = doc("When it reached its final state.")
    is_late: bool = doc("Whether it is open though its providers expected it to be complete by now.")
    is_undoing: bool = doc("Whether what was done is being undone.")
    held_since: datetime | None = doc("Since when the first of its held items is; null where none is.")
    progressed_at: datetime = doc("When one of its items last came into a new phase; before its start, that moment.")
    items: list[operations.OperationsItem] = doc("Its items by position, at most 50.", size=5)

    @field_of(OrderStepConnection, weight=Weight.STORE)
    async def steps(
        self: operations.OperationsOrder, info: Info, first: First = UNSET, after: After = UNSET
    ) -> paging.Page[Any]:
        """What was done at providers and by persons, oldest first."""
        return await usecases.list_steps(info.context.core, info.context.caller, self.id, first, after)


OperationsOrderConnection = connection(operations.OperationsOrder, "OperationsOrder")


@object_type(executors.ExecutorRecord)
class Executor:
    """A process of the gateway that drives orders."""

    name: str = doc("What it is called: by `GATEWAY_EXECUTOR_ID` or made by itself.")
    epoch: int = doc("How often the name was taken: another number is another run.")
    started_at: datetime = doc("When it took the name.")
    heartbeat_at: datetime = doc("When it was last heard of.")
    is_alive: bool = doc("Whether it drives orders; what one that does not has left is taken over.")


ExecutorConnection = connection(executors.ExecutorRecord, "Executor")


def _duration(value: Any) -> Duration | None:
    return None if value is None else Duration(f"PT{max(int(value.total_seconds()), 0)}S")


@object_type(operations.Backlog)
class OrderBacklog:
    """The open orders as a whole."""

    measured_at: datetime = doc("When this was so.")
    open_orders: int = doc("How many orders have not ended.")
    held_orders: int = doc("How many of them have an item that waits for a person.")
    late_orders: int = doc("How many of them are late.")
    pending_steps: int = doc("How many of their steps have no known outcome yet.")
    oldest_pending_step_at: datetime | None = doc("When the oldest of these began; null where there is none.")
    stalled_since: datetime | None = doc("When the open order that came on the longest ago did so; null without one.")
    stalled_order_id: strawberry.ID | None = doc("That order.")

    @field
    def oldest_pending_step_age(self: operations.Backlog) -> Duration | None:
        """How old the oldest pending step is."""
        return _duration(self.oldest_pending_step_age)

    @field
    def stalled_age(self: operations.Backlog) -> Duration | None:
        """How long that order has stood."""
        return _duration(self.stalled_age)


@strawberry.input(description="Which open orders; all conditions hold together.")
class OperationsOrderFilter:
    """What is left out does not matter."""

    needs_attention: bool | None = strawberry.field(
        default=True, description="Whether only those that have a held item, or are late; false for all open ones."
    )
    states: list[OrderState] | None = strawberry.field(
        default=UNSET, description="Only those in one of these states, at most one entry each."
    )
    provider_ids: list[strawberry.ID] | None = strawberry.field(
        default=UNSET, description="Only those with an unfinished item at one of these providers, at most 100."
    )
    is_late: bool | None = strawberry.field(default=UNSET, description="Only those that are late, or are not.")
    held_since: datetime | None = strawberry.field(
        default=UNSET, description="Only those with an item that has been held since that moment, or longer."
    )


def _wanted(filter: OperationsOrderFilter | None) -> operations.OperationsFilter:
    if filter is None:
        return operations.OperationsFilter()
    ids = filter.provider_ids
    return operations.OperationsFilter(
        needs_attention=filter.needs_attention is not False,
        states=tuple(sorted(set(filter.states or ()))),
        providers=None if ids is None else tuple(own_key("Provider", each) or "" for each in ids),
        is_late=filter.is_late,
        held_since=filter.held_since,
    )


@strawberry.type
class OperationsQueries:
    """What operations asks."""

    @query(Access.OPERATIONS, OperationsOrderConnection, Weight.STORE)
    async def operations_orders(
        self,
        info: Info,
        filter: Annotated[
            OperationsOrderFilter | None, argument("Which ones; where left out, those held or late.")
        ] = UNSET,
        first: First = UNSET,
        after: After = UNSET,
    ) -> Any:
        """The open orders of all customers that have a held item or are late, or others, oldest first."""
        context = info.context
        return await usecases.list_operations_orders(context.core, context.caller, _wanted(filter), first, after)

    @query(Access.OPERATIONS, weight=Weight.STORE)
    async def operations_order(
        self, info: Info, id: Annotated[strawberry.ID, argument("The order's global id.")]
    ) -> operations.OperationsOrder | None:
        """Any customer's order, an ended one too; null for an unknown one."""
        return await usecases.find_operations_order(info.context.core, info.context.caller, id)

    @query(Access.OPERATIONS, ExecutorConnection, Weight.STORE)
    async def executors(self, info: Info, first: First = UNSET, after: After = UNSET) -> Any:
        """The processes of the gateway that drive orders, by id, dead ones too."""
        return await usecases.list_executors(info.context.core, info.context.caller, first, after)

    @query(Access.OPERATIONS, weight=Weight.STORE)
    async def order_backlog(self, info: Info) -> operations.Backlog:
        """The open orders as a whole: how many, and how old the oldest of what waits is."""
        return await usecases.read_backlog(info.context.core, info.context.caller)
