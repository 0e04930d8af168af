"""Products: what a customer holds, from every provider."""

from datetime import datetime

from gateway.api.context import Info
from gateway.api.schema.declaring import doc, enum_type, field, field_of, object_type
from gateway.api.schema.node import Node
from gateway.api.schema.paging import connection
from gateway.api.schema.weights import Weight
from gateway.domain import inventory
from gateway.domain.catalog import offerings, providers
from gateway.domain.ordering import orders

enum_type(
    inventory.ProductStatus,
    "TM Forum's product states. Clients must expect new values.",
    CREATED="It is made, and not yet in use.",
    PENDING_ACTIVE="It is about to be active.",
    ACTIVE="It is in use.",
    SUSPENDED="It is paused.",
    PENDING_TERMINATE="It is about to end.",
    TERMINATED="It has ended.",
    CANCELLED="It was cancelled before it was in use.",
    ABORTED="It could not be made.",
    UNKNOWN="Another one: the provider's own word is in `providerStatus`.",
)


@object_type(inventory.Product)
class Product(Node):
    """A product as its provider keeps it now, whether it was ordered here or not."""

    name: str = doc("Its name.")
    role: providers.ProviderRole | None = doc("The role of its offering; null where nobody says it.")
    status: inventory.ProductStatus = doc("Where it stands.")
    provider_status: str = doc("The same in the provider's own word.")
    started_at: datetime | None = doc("Since when it is in use.")
    provider: providers.ProviderProfile = doc("Who delivers it.")
    characteristics: list[offerings.Characteristic] = doc("What it is and has, at most 100.", size=10)

    @field
    def offering(self: inventory.Product, info: Info) -> offerings.ProductOffering | None:
        """The offering it was made from; null for one that is withdrawn or unknown."""
        return info.context.core.offerings.get(self.offering_id) if self.offering_id else None

    @field_of(weight=Weight.STORE, batched=True)
    async def order(self: inventory.Product, info: Info) -> orders.Order | None:
        """The order that made it; null where it was not ordered here."""
        return await info.context.loaders.order_of_product(self)


ProductConnection = connection(inventory.Product, "Product", over_providers=True)
