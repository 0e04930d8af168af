"""The customer's inbox."""

from datetime import datetime

from gateway.api.context import Info
from gateway.api.schema.declaring import doc, field, field_of, object_type
from gateway.api.schema.node import Node
from gateway.api.schema.paging import connection
from gateway.api.schema.weights import Weight
from gateway.api.texts import tell
from gateway.domain import engagement
from gateway.domain.ordering import orders


@object_type(engagement.Notification)
class Notification(Node):
    """A notice that reaches one who was not connected."""

    occurred_at: datetime = doc("When it happened.")
    code: str = doc("What happened, by a machine-readable code. Clients must expect new values.")
    read_at: datetime | None = doc("When it was marked read; null while it is not.")

    @field
    def message(self: engagement.Notification, info: Info) -> str:
        """What happened, as a sentence in the caller's language."""
        return tell(info.context.locale, "notification", self.code, self.params)

    @field_of(weight=Weight.STORE)
    async def order(self: engagement.Notification, info: Info) -> orders.Order | None:
        """The order it is about."""
        return await info.context.loaders.order(self.order_id)


NotificationConnection = connection(engagement.Notification, "Notification")
