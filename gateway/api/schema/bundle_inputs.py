"""What the mutations of bundles are given."""

import strawberry
from strawberry import UNSET

from gateway.api.schema.declaring import ONLY_CUSTOMER, doc
from gateway.api.schema.places import PlaceInput


@strawberry.input(description="Values for one field of an order form.")
class OrderFieldInput:
    """By the form's key."""

    key: str = doc("The field's key.")
    values: list[str] = doc("Its values, at most 100; none clears the field.")


@strawberry.input(description="What a new bundle starts with.")
class CreateBundleInput:
    """All may be left out."""

    customer_id: strawberry.ID | None = strawberry.field(default=UNSET, description=ONLY_CUSTOMER)
    name: str | None = strawberry.field(default=UNSET, description="A name for it, at most 200 characters.")
    offering_id: strawberry.ID | None = strawberry.field(
        default=UNSET, description="An offering to start from: a predefined bundle's parts are filled in."
    )
    place: PlaceInput | None = strawberry.field(default=UNSET, description="Where it is to be delivered.")


@strawberry.input(description="What to change of a bundle; what is left out stays as it is.")
class UpdateBundleInput:
    """A name, a place, or both."""

    bundle_id: strawberry.ID = doc("The bundle.")
    name: str | None = strawberry.field(default=UNSET, description="A name for it, at most 200 characters.")
    place: PlaceInput | None = strawberry.field(default=UNSET, description="Where it is to be delivered.")


@strawberry.input(description="What to add to a bundle.")
class AddBundleItemInput:
    """An offering, with values for its form."""

    bundle_id: strawberry.ID = doc("The bundle.")
    offering_id: strawberry.ID = doc("The offering.")
    quantity: int | None = strawberry.field(default=1, description="How many.")
    fields: list[OrderFieldInput] | None = strawberry.field(
        default=UNSET, description="Values for the form, at most 200; the defaults are filled in."
    )


@strawberry.input(description="What to change of an item; what is left out stays as it is.")
class ConfigureBundleItemInput:
    """A quantity, values for the form, or both."""

    bundle_id: strawberry.ID = doc("The bundle.")
    item_id: strawberry.ID = doc("The item.")
    quantity: int | None = strawberry.field(default=UNSET, description="How many.")
    fields: list[OrderFieldInput] | None = strawberry.field(
        default=UNSET, description="Values for the form, at most 200; a field left out stays, an empty list clears it."
    )


@strawberry.input(description="What to take out of a bundle.")
class RemoveBundleItemInput:
    """An item."""

    bundle_id: strawberry.ID = doc("The bundle.")
    item_id: strawberry.ID = doc("The item.")
