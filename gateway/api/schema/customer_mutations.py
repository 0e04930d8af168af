"""What a customer keeps: places, and what was read in the inbox."""

from typing import Annotated, Any

import strawberry
from strawberry import UNSET

from gateway.api.context import Info
from gateway.api.schema.access import mutation
from gateway.api.schema.declaring import ONLY_CUSTOMER, argument, doc
from gateway.api.schema.errors import UserErrors, payload
from gateway.api.schema.places import AddressInput, address_of
from gateway.domain.authorizations import SelfServiceFunction
from gateway.domain.engagement import Notification
from gateway.domain.parties import Site
from gateway.usecases import engagement, parties
from gateway.usecases.policy import Access

AddSiteErrors = UserErrors(
    "AddSite", "NOT_FOUND", "CUSTOMER_REQUIRED", "INVALID_NAME", "INVALID_ADDRESS", "TOO_LONG", "TOO_MANY_SITES"
)
MarkNotificationReadErrors = UserErrors("MarkNotificationRead", "NOT_FOUND")
AddSitePayload = payload("AddSite", AddSiteErrors, site=(Site, "The place that is kept now."))
MarkNotificationReadPayload = payload(
    "MarkNotificationRead", MarkNotificationReadErrors, notification=(Notification, "The notice as it is now.")
)


@strawberry.input(description="A place to keep under a name.")
class AddSiteInput:
    """The name and the address."""

    name: str = doc("Its name, 1 to 200 characters.")
    address: AddressInput = doc("Its address.")
    customer_id: strawberry.ID | None = strawberry.field(default=UNSET, description=ONLY_CUSTOMER)


@strawberry.input(description="Which notice was read.")
class MarkNotificationReadInput:
    """By its id."""

    notification_id: strawberry.ID = doc("The notice.")


@strawberry.type
class CustomerMutations:
    """The mutations of what a customer keeps."""

    @mutation(Access.SIGNED_IN, AddSitePayload, AddSiteErrors, function=SelfServiceFunction.CONFIGURE)
    async def add_site(self, info: Info, input: Annotated[AddSiteInput, argument("The place.")]) -> Any:
        """Keeps a place under a name, to be used as `siteId`."""
        context = info.context
        address = address_of(input.address)
        site = await parties.add_site(context.core, context.caller, input.customer_id, input.name, address)
        return AddSitePayload(site=site)

    @mutation(
        Access.SIGNED_IN,
        MarkNotificationReadPayload,
        MarkNotificationReadErrors,
        function=SelfServiceFunction.SEE_NOTIFICATIONS,
    )
    async def mark_notification_read(
        self, info: Info, input: Annotated[MarkNotificationReadInput, argument("Which notice.")]
    ) -> Any:
        """Marks a notice as read; the first time counts."""
        context = info.context
        read = await engagement.mark_notification_read(context.core, context.caller, input.notification_id)
        return MarkNotificationReadPayload(notification=read)
