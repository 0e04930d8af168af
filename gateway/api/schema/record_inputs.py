"""What the mutations of the customer's record are given."""

import strawberry
from strawberry import UNSET

from gateway.api.schema.declaring import ONLY_CUSTOMER, doc
from gateway.api.schema.places import AddressInput
from gateway.domain.members import ContactRole

_NAME = "The name, 1 to 200 characters."
_EMAIL = "The e-mail address; an empty text takes it away."
_PHONE = "The telephone number with its country's code, such as +46 70 123 45 67; an empty text takes it away."
_PRODUCTS = "The ids of the customer's own products that they use, at most 100."
_NUMBERS = "The telephone numbers that they use, with their country's code, at most 20."


@strawberry.input(description="What to change of a customer.")
class UpdateCustomerInput:
    """Its name; the kind stays."""

    name: str = doc(_NAME)
    customer_id: strawberry.ID | None = strawberry.field(default=UNSET, description=ONLY_CUSTOMER)


@strawberry.input(description="What to change of a place; what is left out stays as it is.")
class UpdateSiteInput:
    """A name, an address, or both."""

    site_id: strawberry.ID = doc("The place.")
    name: str | None = strawberry.field(default=UNSET, description=_NAME)
    address: AddressInput | None = strawberry.field(default=UNSET, description="Its address.")


@strawberry.input(description="Which place to take away.")
class RemoveSiteInput:
    """By its id."""

    site_id: strawberry.ID = doc("The place.")


@strawberry.input(description="Somebody to turn to.")
class AddContactInput:
    """Who, and for what."""

    name: str = doc(_NAME)
    role: ContactRole = doc("What the contact is asked about.")
    email: str | None = strawberry.field(default=UNSET, description="The e-mail address.")
    phone: str | None = strawberry.field(
        default=UNSET, description="The telephone number with its country's code, such as +46 70 123 45 67."
    )
    customer_id: strawberry.ID | None = strawberry.field(default=UNSET, description=ONLY_CUSTOMER)


@strawberry.input(description="What to change of a contact; what is left out stays as it is.")
class UpdateContactInput:
    """Any of it."""

    contact_id: strawberry.ID = doc("The contact.")
    name: str | None = strawberry.field(default=UNSET, description=_NAME)
    role: ContactRole | None = strawberry.field(default=UNSET, description="What the contact is asked about.")
    email: str | None = strawberry.field(default=UNSET, description=_EMAIL)
    phone: str | None = strawberry.field(default=UNSET, description=_PHONE)


@strawberry.input(description="Which contact to take away.")
class RemoveContactInput:
    """By its id."""

    contact_id: strawberry.ID = doc("The contact.")


@strawberry.input(description="An end user of the customer's.")
class AddSubscriberInput:
    """Who, and what they use."""

    name: str = doc(_NAME)
    product_ids: list[strawberry.ID] | None = strawberry.field(default=UNSET, description=_PRODUCTS)
    numbers: list[str] | None = strawberry.field(default=UNSET, description=_NUMBERS)
    customer_id: strawberry.ID | None = strawberry.field(default=UNSET, description=ONLY_CUSTOMER)


@strawberry.input(description="What to change of a subscriber; what is left out stays as it is.")
class UpdateSubscriberInput:
    """Any of it."""

    subscriber_id: strawberry.ID = doc("The subscriber.")
    name: str | None = strawberry.field(default=UNSET, description=_NAME)
    product_ids: list[strawberry.ID] | None = strawberry.field(default=UNSET, description=_PRODUCTS)
    numbers: list[str] | None = strawberry.field(default=UNSET, description=_NUMBERS)


@strawberry.input(description="Which subscriber to take away.")
class RemoveSubscriberInput:
    """By its id."""

    subscriber_id: strawberry.ID = doc("The subscriber.")
