"""Places: addresses, and the sites that a customer keeps under a name."""

import strawberry

from gateway.api.context import Info
from gateway.api.schema.declaring import doc, object_type
from gateway.api.schema.node import Node
from gateway.api.schema.scalars import CountryCode
from gateway.domain import parties
from gateway.usecases import parties as parties_usecases


@object_type(parties.Address)
class Address:
    """A postal address."""

    street: str = doc("The street's name.")
    house_number: str | None = doc("The number in the street, with its letter.")
    unit: str | None = doc("The floor, door or apartment.")
    postcode: str = doc("The postcode.")
    city: str = doc("The city.")
    country: CountryCode = doc("The country.")


@object_type(parties.Site)
class Site(Node):
    """A place that a customer keeps under a name."""

    name: str = doc("Its name.")
    address: parties.Address = doc("Its address.")


@object_type(parties.Place)
class Place:
    """Where something is to be delivered."""

    address: parties.Address = doc("The address.")
    site_id: strawberry.ID | None = doc("The id of the customer's site that it was taken from.")


@strawberry.input(description="A postal address.")
class AddressInput:
    """As `Address`."""

    street: str = doc("The street's name, at most 200 characters.")
    postcode: str = doc("The postcode, at most 20 characters.")
    city: str = doc("The city, at most 200 characters.")
    country: CountryCode = doc("The country.")
    house_number: str | None = strawberry.field(default=strawberry.UNSET, description="The number in the street.")
    unit: str | None = strawberry.field(default=strawberry.UNSET, description="The floor, door or apartment.")


@strawberry.input(one_of=True, description="A place: an address, or a site of the customer's.")
class PlaceInput:
    """Exactly one of the two."""

    address: AddressInput | None = strawberry.field(default=strawberry.UNSET, description="An address.")
    site_id: strawberry.ID | None = strawberry.field(default=strawberry.UNSET, description="The id of a site.")


def address_of(given: AddressInput) -> parties.Address:
    """The domain's address."""
    return parties.Address(
        street=given.street,
        postcode=given.postcode,
        city=given.city,
        country=given.country,
        house_number=given.house_number or None,
        unit=given.unit or None,
    )


async def place_of(info: Info, given: PlaceInput) -> parties.Place:
    """The place, with the address of a site. Raises: RequestError for another's site or a wrong address."""
    address = address_of(given.address) if given.address else None
    context = info.context
    return await parties_usecases.resolve_place(context.core, context.caller, address, given.site_id or None)
