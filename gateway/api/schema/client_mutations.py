"""What the operator does with service clients. A secret is in the answer that makes it, and nowhere after."""

from datetime import timedelta
from typing import Annotated, Any

import strawberry
from strawberry import UNSET

from gateway.api.context import Info
from gateway.api.schema.access import mutation
from gateway.api.schema.declaring import argument, doc
from gateway.api.schema.errors import UserErrors, payload
from gateway.domain.clients import ClientRecord, ClientScope
from gateway.usecases import clients
from gateway.usecases.clients import SECRET_GRACE
from gateway.usecases.policy import Access

CreateServiceClientErrors = UserErrors("CreateServiceClient", "INVALID_NAME", "TOO_LONG")
RotateServiceClientSecretErrors = UserErrors("RotateServiceClientSecret", "NOT_FOUND", "CLIENT_ENDED")
EndServiceClientErrors = UserErrors("EndServiceClient", "NOT_FOUND")

_CHANGED = (ClientRecord, "The client as it is now.")
_SECRET = (str, "Its new secret: shown here once, and never again.")
CreateServiceClientPayload = payload(
    "CreateServiceClient", CreateServiceClientErrors, service_client=_CHANGED, secret=_SECRET
)
RotateServiceClientSecretPayload = payload(
    "RotateServiceClientSecret", RotateServiceClientSecretErrors, service_client=_CHANGED, secret=_SECRET
)
EndServiceClientPayload = payload("EndServiceClient", EndServiceClientErrors, service_client=_CHANGED)


@strawberry.input(description="A service client to make.")
class CreateServiceClientInput:
    """Its name and scopes."""

    name: str = doc("Its name, 1 to 100 characters.")
    scopes: list[ClientScope] = doc("What it may do; nothing but what is public where the list is empty.")


@strawberry.input(description="Which service client gets a new secret.")
class RotateServiceClientSecretInput:
    """By its id."""

    client_id: strawberry.ID = doc("The client.")
    end_previous: bool | None = strawberry.field(
        default=UNSET,
        description="Whether the present secret ends at once, and all tokens that came by it: true for one that has "
        "leaked. Else it is good for another day.",
    )


@strawberry.input(description="Which service client ends.")
class EndServiceClientInput:
    """By its id."""

    client_id: strawberry.ID = doc("The client.")


@strawberry.type
class ClientMutations:
    """The mutations of service clients."""

    @mutation(Access.OPERATOR, CreateServiceClientPayload, CreateServiceClientErrors)
    async def create_service_client(
        self, info: Info, input: Annotated[CreateServiceClientInput, argument("The client.")]
    ) -> Any:
        """Makes a service client. Again with the same name makes another one."""
        made = await clients.create_client(info.context.core, input.name, input.scopes, info.context.caller)
        return CreateServiceClientPayload(service_client=made.client, secret=made.secret)

    @mutation(Access.OPERATOR, RotateServiceClientSecretPayload, RotateServiceClientSecretErrors)
    async def rotate_service_client_secret(
        self, info: Info, input: Annotated[RotateServiceClientSecretInput, argument("Which client.")]
    ) -> Any:
        """Gives a service client a new secret."""
        grace = timedelta() if input.end_previous else SECRET_GRACE
        made = await clients.rotate_secret(info.context.core, input.client_id, grace, info.context.caller)
        return RotateServiceClientSecretPayload(service_client=made.client, secret=made.secret)

    @mutation(Access.OPERATOR, EndServiceClientPayload, EndServiceClientErrors)
    async def end_service_client(
        self, info: Info, input: Annotated[EndServiceClientInput, argument("Which client.")]
    ) -> Any:
        """Ends a service client, its tokens and its connections at once. Again is harmless."""
        ended = await clients.end_client(info.context.core, input.client_id, info.context.caller)
        return EndServiceClientPayload(service_client=ended)
