"""Service clients: programs that sign in for themselves, as the operator sees them."""

from datetime import datetime

from gateway.api.schema.declaring import doc, enum_type, field_of, object_type
from gateway.api.schema.node import Node
from gateway.api.schema.paging import connection
from gateway.domain import clients

enum_type(
    clients.ClientScope,
    "What a service client may be allowed. Clients must expect new values.",
    name="ServiceClientScope",
    **{each.name: f"`{each}` in OAuth 2.0. {text}" for each, text in clients.CLIENT_SCOPES.items()},
)


@object_type(clients.ClientRecord)
class ServiceClient(Node):
    """A program that signs in by OAuth 2.0 client credentials; its `client_id` is its `id`. Seen by the operator."""

    name: str = doc("Its name.")
    created_at: datetime = doc("When it was made.")
    last_used_at: datetime | None = doc("When it last got a token, to the minute; null before the first.")
    previous_secret_until: datetime | None = doc(
        "Until when the secret before the present one is, or was, good; null where it ended at once."
    )
    ended_at: datetime | None = doc("When it was ended; null while it is not.")

    @field_of(size=len(clients.ClientScope))
    def scopes(self: clients.ClientRecord) -> list[clients.ClientScope]:
        """What it may do, at most one entry each."""
        return sorted(self.scopes)


ServiceClientConnection = connection(clients.ClientRecord, "ServiceClient")
