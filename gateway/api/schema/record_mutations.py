"""The customer's record: its name, places, contacts and subscribers; and the end of its account."""

from typing import Annotated, Any

import strawberry

from gateway.api.context import Info
from gateway.api.schema.access import mutation
from gateway.api.schema.declaring import argument
from gateway.api.schema.errors import UserErrors, payload
from gateway.api.schema.member_inputs import CloseCustomerInput
from gateway.api.schema.places import address_of
from gateway.api.schema.record_inputs import (
    AddContactInput,
    AddSubscriberInput,
    RemoveContactInput,
    RemoveSiteInput,
    RemoveSubscriberInput,
    UpdateContactInput,
    UpdateCustomerInput,
    UpdateSiteInput,
    UpdateSubscriberInput,
)
from gateway.api.schema.weights import Weight
from gateway.domain.members import Contact, Subscriber
from gateway.domain.parties import Customer, SelfServiceFunction, Site
from gateway.usecases import customers, parties, records
from gateway.usecases.policy import Access

_CUSTOMER = ("NOT_FOUND", "CUSTOMER_REQUIRED")
_CONTACT = ("NOT_FOUND", "INVALID_NAME", "TOO_LONG", "INVALID_FORMAT", "INVALID_PHONE")
_SUBSCRIBER = ("NOT_FOUND", "INVALID_NAME", "TOO_LONG", "INVALID_PHONE", "TOO_MANY_PRODUCTS", "TOO_MANY_NUMBERS")
UpdateCustomerErrors = UserErrors("UpdateCustomer", *_CUSTOMER, "TOO_SHORT", "TOO_LONG", "INVALID_FORMAT")
CloseCustomerErrors = UserErrors(
    "CloseCustomer", "NOT_FOUND", "PRODUCT_ACTIVE", "ORDER_OPEN", "HOLDINGS_UNKNOWN", "CHANGED_MEANWHILE"
)
UpdateSiteErrors = UserErrors("UpdateSite", "NOT_FOUND", "INVALID_NAME", "INVALID_ADDRESS", "TOO_LONG")
RemoveSiteErrors = UserErrors("RemoveSite", "NOT_FOUND")
AddContactErrors = UserErrors("AddContact", "CUSTOMER_REQUIRED", "TOO_MANY_CONTACTS", *_CONTACT)
UpdateContactErrors = UserErrors("UpdateContact", *_CONTACT)
RemoveContactErrors = UserErrors("RemoveContact", "NOT_FOUND")
AddSubscriberErrors = UserErrors("AddSubscriber", "CUSTOMER_REQUIRED", "TOO_MANY_SUBSCRIBERS", *_SUBSCRIBER)
UpdateSubscriberErrors = UserErrors("UpdateSubscriber", *_SUBSCRIBER)
RemoveSubscriberErrors = UserErrors("RemoveSubscriber", "NOT_FOUND")


def _removed(name: str, errors: UserErrors, what: str) -> Any:
    field = f"removed_{what}_id"
    return payload(name, errors, **{field: (strawberry.ID, f"The id of the {what} that was removed.")})


UpdateCustomerPayload = payload(
    "UpdateCustomer", UpdateCustomerErrors, customer=(Customer, "The customer as it is now.")
)
CloseCustomerPayload = payload(
    "CloseCustomer", CloseCustomerErrors, closed_customer_id=(strawberry.ID, "The id of the customer that is closed.")
)
UpdateSitePayload = payload("UpdateSite", UpdateSiteErrors, site=(Site, "The place as it is now."))
RemoveSitePayload = _removed("RemoveSite", RemoveSiteErrors, "site")
AddContactPayload = payload("AddContact", AddContactErrors, contact=(Contact, "The contact that is kept now."))
UpdateContactPayload = payload("UpdateContact", UpdateContactErrors, contact=(Contact, "The contact as it is now."))
RemoveContactPayload = _removed("RemoveContact", RemoveContactErrors, "contact")
AddSubscriberPayload = payload(
    "AddSubscriber", AddSubscriberErrors, subscriber=(Subscriber, "The subscriber that is kept now.")
)
UpdateSubscriberPayload = payload(
    "UpdateSubscriber", UpdateSubscriberErrors, subscriber=(Subscriber, "The subscriber as it is now.")
)
RemoveSubscriberPayload = _removed("RemoveSubscriber", RemoveSubscriberErrors, "subscriber")


def _tuple(values: list[Any] | None) -> tuple[Any, ...] | None:
    return None if values is None or values is strawberry.UNSET else tuple(values)


def _text(value: str | None) -> str | None:
    return None if value is strawberry.UNSET else value


@strawberry.type
class RecordMutations:
    """The mutations of what a customer's managers keep."""

    @mutation(Access.MANAGER, UpdateCustomerPayload, UpdateCustomerErrors)
    async def update_customer(
        self, info: Info, input: Annotated[UpdateCustomerInput, argument("What to change.")]
    ) -> Any:
        """Changes the customer's name; other members see it within seconds. Of two at once, the last one wins."""
        context = info.context
        customer_id = input.customer_id or None
        changed = await customers.update_customer(context.core, context.caller, customer_id, input.name)
        return UpdateCustomerPayload(customer=changed)

    @mutation(Access.SIGNED_IN, CloseCustomerPayload, CloseCustomerErrors, Weight.PROVIDERS)
    async def close_customer(self, info: Info, input: Annotated[CloseCustomerInput, argument("Which one.")]) -> Any:
        """Closes the account, as one of the customer's managers: its members lose their access at once, open bundles
        expire and invitations end; orders and their history stay. Refused while a product is held or an order is in
        flight. Again, by the same manager, is harmless."""
        context = info.context
        closed = await customers.close_customer(context.core, context.caller, input.customer_id)
        return CloseCustomerPayload(closed_customer_id=closed)

    @mutation(Access.SIGNED_IN, UpdateSitePayload, UpdateSiteErrors, function=SelfServiceFunction.CONFIGURE)
    async def update_site(self, info: Info, input: Annotated[UpdateSiteInput, argument("What to change.")]) -> Any:
        """Changes a place. Bundles and orders keep the address that it had when it was chosen."""
        address = address_of(input.address) if input.address else None
        site = await parties.update_site(
            info.context.core, info.context.caller, input.site_id, _text(input.name), address
        )
        return UpdateSitePayload(site=site)

    @mutation(Access.SIGNED_IN, RemoveSitePayload, RemoveSiteErrors, function=SelfServiceFunction.CONFIGURE)
    async def remove_site(self, info: Info, input: Annotated[RemoveSiteInput, argument("Which one.")]) -> Any:
        """Takes a place away. Bundles and orders keep its address, so none stands in the way."""
        removed = await parties.remove_site(info.context.core, info.context.caller, input.site_id)
        return RemoveSitePayload(removed_site_id=removed)

    @mutation(Access.MANAGER, AddContactPayload, AddContactErrors)
    async def add_contact(self, info: Info, input: Annotated[AddContactInput, argument("The contact.")]) -> Any:
        """Keeps somebody to turn to."""
        context = info.context
        given = records.ContactDetails(input.name, input.role, _text(input.email), _text(input.phone))
        made = await records.add_contact(context.core, context.caller, input.customer_id or None, given)
        return AddContactPayload(contact=made)

    @mutation(Access.MANAGER, UpdateContactPayload, UpdateContactErrors)
    async def update_contact(
        self, info: Info, input: Annotated[UpdateContactInput, argument("What to change.")]
    ) -> Any:
        """Changes a contact. Of two at once, the last one wins."""
        context = info.context
        given = records.ContactDetails(_text(input.name), input.role or None, _text(input.email), _text(input.phone))
        changed = await records.update_contact(context.core, context.caller, input.contact_id, given)
        return UpdateContactPayload(contact=changed)

    @mutation(Access.MANAGER, RemoveContactPayload, RemoveContactErrors)
    async def remove_contact(self, info: Info, input: Annotated[RemoveContactInput, argument("Which one.")]) -> Any:
        """Takes a contact away."""
        removed = await records.remove_contact(info.context.core, info.context.caller, input.contact_id)
        return RemoveContactPayload(removed_contact_id=removed)

    @mutation(Access.MANAGER, AddSubscriberPayload, AddSubscriberErrors, Weight.PROVIDERS)
    async def add_subscriber(
        self, info: Info, input: Annotated[AddSubscriberInput, argument("The subscriber.")]
    ) -> Any:
        """Keeps an end user, with the customer's own products and numbers that they use."""
        context = info.context
        given = records.SubscriberDetails(input.name, _tuple(input.product_ids), _tuple(input.numbers))
        made = await records.add_subscriber(context.core, context.caller, input.customer_id or None, given)
        return AddSubscriberPayload(subscriber=made)

    @mutation(Access.MANAGER, UpdateSubscriberPayload, UpdateSubscriberErrors, Weight.PROVIDERS)
    async def update_subscriber(
        self, info: Info, input: Annotated[UpdateSubscriberInput, argument("What to change.")]
    ) -> Any:
        """Changes a subscriber. Of two at once, the last one wins."""
        context = info.context
        given = records.SubscriberDetails(_text(input.name), _tuple(input.product_ids), _tuple(input.numbers))
        changed = await records.update_subscriber(context.core, context.caller, input.subscriber_id, given)
        return UpdateSubscriberPayload(subscriber=changed)

    @mutation(Access.MANAGER, RemoveSubscriberPayload, RemoveSubscriberErrors)
    async def remove_subscriber(
        self, info: Info, input: Annotated[RemoveSubscriberInput, argument("Which one.")]
    ) -> Any:
        """Takes a subscriber away; the products stay."""
        removed = await records.remove_subscriber(info.context.core, info.context.caller, input.subscriber_id)
        return RemoveSubscriberPayload(removed_subscriber_id=removed)
