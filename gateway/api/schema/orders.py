"""Orders: what was placed, where each item stands, and what became of it."""

from datetime import datetime
from typing import Any

import strawberry

from gateway.api.context import Info
from gateway.api.schema.declaring import doc, enum_type, field, field_of, object_type
from gateway.api.schema.node import Node
from gateway.api.schema.order_events import OrderEventConnection
from gateway.api.schema.paging import After, First, connection
from gateway.api.schema.weights import Weight
from gateway.api.texts import tell
from gateway.domain import inventory, paging, parties
from gateway.domain.catalog import offerings, providers
from gateway.domain.ordering import bundles, orders, states
from gateway.domain.ordering.aggregation import allowed_actions, completion_percent
from gateway.usecases.following import list_order_events

enum_type(
    states.CompletionPolicy,
    "What becomes of the rest when a part fails for good.",
    ALL_OR_NOTHING="What was delivered is undone; the order fails.",
    BEST_EFFORT="What was delivered stays; the order ends as PARTIAL.",
)
enum_type(
    states.CancellationState,
    "Where a cancellation stands.",
    ACKNOWLEDGED="It is asked for.",
    IN_PROGRESS="The providers are at it.",
    DONE="Nothing of the order is left.",
    REFUSED="A provider refused its part.",
)
enum_type(
    states.ItemAction,
    "What an item does to a product, in TM Forum's words.",
    ADD="A product is made.",
    MODIFY="A product is changed.",
    DELETE="A product is ended.",
    NO_CHANGE="A product stays as it is.",
)
enum_type(
    states.ItemIntent,
    "What the customer means by an item's action.",
    ORDER="To have something new.",
    CHANGE="To change what is held.",
    PAUSE="To pause what is held.",
    RESUME="To go on with what is paused.",
    TERMINATE="To end what is held.",
    MIGRATE="To move to another offering, provider or place.",
)
enum_type(
    orders.OrderAction,
    "What may be asked for in the order's present state. Clients must expect new values.",
    CANCEL="The order can be cancelled with `cancelOrder`; a provider may still refuse.",
    RETRY="A held item can be let go on with `retryOrderItem`.",
)


@object_type(orders.Hold)
class Hold:
    """Why an item waits for a person."""

    code: str = doc("A machine-readable reason. Clients must expect new values.")
    since: datetime = doc("Since when.")

    @field
    def message(self: orders.Hold, info: Info) -> str:
        """Why, as a sentence in the caller's language."""
        return tell(info.context.locale, "hold", self.code, self.params)


@object_type(orders.CancellationRefusal)
class CancellationRefusal:
    """A provider's refusal to cancel its part."""

    code: str = doc("A machine-readable reason. Clients must expect new values.")

    @field
    def message(self: orders.CancellationRefusal, info: Info) -> str:
        """Why, as a sentence in the caller's language."""
        return tell(info.context.locale, "refusal", self.code, self.params)

    @field
    def item(self: orders.CancellationRefusal, info: Info) -> orders.OrderItem | None:
        """The item that stays."""
        return info.context.loaders.item(self.item_id)


@object_type(orders.Cancellation)
class OrderCancellation:
    """A request to cancel an order, and how it went."""

    id: strawberry.ID = doc("Its id.")
    state: states.CancellationState = doc("Where it stands.")
    requested_at: datetime = doc("When it was asked for.")
    reason: str | None = doc("The customer's reason.")
    refusals: list[orders.CancellationRefusal] = doc("Which parts are not cancelled, at most 50.", size=5)


@object_type(orders.OrderItem)
class OrderItem:
    """One item of an order: one product at one provider."""

    id: strawberry.ID = doc("The item's id in its order.")
    action: states.ItemAction = doc("What it does to a product.")
    intent: states.ItemIntent = doc("What the customer means by it.")
    state: states.OrderItemState = doc("Where it stands. COMPLETED only when its product is active.")
    role: providers.ProviderRole = doc("The role of the offering.")
    quantity: int = doc("How many.")
    offering_name: str = doc("The offering's name: a snapshot, there also when the offering is not.")
    failure: orders.Failure | None = doc("Why it failed, where it did.")
    hold: orders.Hold | None = doc("Why it waits for a person, while it does.")

    @field
    def offering(self: orders.OrderItem, info: Info) -> offerings.ProductOffering | None:
        """The offering; null for one that is withdrawn."""
        return info.context.core.offerings.get(self.offering_id)

    @field
    def provider(self: orders.OrderItem, info: Info) -> providers.ProviderProfile | None:
        """Who delivers it; null for a provider that is connected no more."""
        return info.context.core.directory.profile(self.provider)

    @field_of(size=5)
    def depends_on(self: orders.OrderItem, info: Info) -> list[orders.OrderItem]:
        """The items that are delivered before it, at most 50."""
        found = (info.context.loaders.item(each) for each in self.depends_on)
        return [each for each in found if each]

    @field_of(weight=Weight.PROVIDERS, batched=True)
    async def product(self: orders.OrderItem, info: Info) -> inventory.Product | None:
        """The product it made, as its provider has it now; null while there is none, or where that can't be read."""
        return await info.context.loaders.product(self.product.id if self.product else None)

    @field
    def product_name(self: orders.OrderItem) -> str | None:
        """The product's name: a snapshot, there also when the provider can't be read."""
        return self.product.name if self.product else None


@object_type(orders.Order)
class Order(Node):
    """An order. Its state follows from its items'."""

    state: states.OrderState = doc("Where it stands, in TM Forum's words.")
    completion_policy: states.CompletionPolicy = doc("What becomes of the rest when a part fails for good.")
    placed_at: datetime = doc("When it was placed.")
    requested_start_at: datetime | None = doc("When the customer wants it to begin.")
    expected_completion_at: datetime | None = doc("When the providers expect it to be complete, where they say so.")
    completed_at: datetime | None = doc("When it reached its final state.")
    place: parties.Place | None = doc("Where it is delivered.")
    placed_by: strawberry.ID | None = doc("The id of the actor who placed it; null where nobody kept it.")
    cancellations: list[orders.Cancellation] = doc("The requests to cancel it, at most 100.", size=3)

    @field_of(size=10)
    def items(self: orders.Order, info: Info) -> list[orders.OrderItem]:
        """Its items that the viewer may see, one for each item of the bundle, at most 50."""
        return list(info.context.loaders.keep_order(self).items)

    @field
    def completion_percent(self: orders.Order) -> int:
        """How far it is, from 0 to 100."""
        return completion_percent(self)

    @field_of(size=2)
    def allowed_actions(self: orders.Order) -> list[orders.OrderAction]:
        """What may be asked for now, at most one entry each."""
        return sorted(allowed_actions(self))

    @field_of(weight=Weight.STORE)
    async def bundle(self: orders.Order, info: Info) -> bundles.Bundle | None:
        """The bundle it was made from."""
        return await info.context.loaders.bundle(self.bundle_id)

    @field_of(OrderEventConnection, weight=Weight.STORE)
    async def events(
        self: orders.Order, info: Info, first: First = strawberry.UNSET, after: After = strawberry.UNSET
    ) -> paging.Page[Any]:
        """What happened, oldest first: the same events as the subscription's, with the same cursors."""
        info.context.loaders.keep_order(self)
        return await list_order_events(info.context.core, self, first, after)


OrderConnection = connection(orders.Order, "Order")
