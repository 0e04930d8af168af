"""Offerings: what can be ordered."""

from decimal import Decimal
from typing import Annotated

import strawberry

from gateway.api.context import Info
from gateway.api.schema.declaring import argument, doc, field, field_of, object_type
from gateway.api.schema.node import Node
from gateway.api.schema.paging import connection
from gateway.api.schema.places import PlaceInput, place_of
from gateway.api.schema.scalars import Duration
from gateway.api.schema.weights import Weight
from gateway.domain.catalog import forms, offerings, providers
from gateway.domain.catalog import prices as kinds_of_price
from gateway.usecases import catalog


@object_type(offerings.Category)
class Category(Node):
    """A category of offerings: one and the same across providers."""

    slug: str = doc("Its short name, to filter by.")
    name: str = doc("Its name.")


@object_type(offerings.Characteristic)
class Characteristic:
    """What a product is or has."""

    name: str = doc("Its machine-readable name.")
    label: str = doc("What to show.")
    values: list[str] = doc("Its values as text, at most 100.", size=3)
    unit: str | None = doc("The unit of the values.")


@object_type(offerings.Term)
class Term:
    """What must be accepted with an order. Its id changes with its text; it is no node."""

    id: strawberry.ID = doc("The term's id, to accept it by.")
    name: str = doc("Its name.")
    text: str = doc("Its text.")
    commitment: Duration | None = doc("How long it binds the customer.")
    provider: providers.ProviderProfile = doc("Whose term it is.")


@object_type(offerings.Requirement)
class Requirement:
    """What another item of a bundle must be. It has a stable id but is no node."""

    id: strawberry.ID = doc("The requirement's stable id.")
    label: str = doc("What is required, in words.")
    category: str | None = doc("The slug of the category that the other item must be of.")
    role: providers.ProviderRole | None = doc("The role that the other item must play.")
    characteristic: str | None = doc("The characteristic that the other item must have.")
    minimum: Decimal | None = doc("The least that the characteristic must be.")
    unit: str | None = doc("The unit of the minimum.")


@object_type(offerings.BundledOffering)
class BundledOffering:
    """A part of a predefined bundle, sold by this or by another provider."""

    minimum_quantity: int = doc("How many at least; from 1 on the part can't be removed.")
    maximum_quantity: int = doc("How many at most.")
    default_quantity: int = doc("How many are in the bundle at first.")
    is_fixed: bool = doc("Whether the quantity can't be changed.")
    offering_name: str = doc("The part's name: a snapshot, there also when the offering is not.")

    @field
    def offering(self: offerings.BundledOffering, info: Info) -> offerings.ProductOffering | None:
        """The part's offering; null for one that is withdrawn."""
        return info.context.core.offerings.get(self.offering_id)

    @field
    def role(self: offerings.BundledOffering, info: Info) -> providers.ProviderRole | None:
        """The part's role; null for one that is withdrawn."""
        found = info.context.core.offerings.get(self.offering_id)
        return found.role if found else None


@object_type(offerings.BundledGroup)
class BundledGroup:
    """Parts of a predefined bundle to choose from."""

    name: str = doc("What is chosen.")
    minimum_choices: int = doc("How many must be chosen.")
    maximum_choices: int = doc("How many may be chosen.")
    options: list[offerings.BundledOffering] = doc("The parts to choose from, at most 100.", size=10)


BundledOption = Annotated[
    offerings.BundledOffering | offerings.BundledGroup,
    strawberry.union("BundledOption", description="A part of a predefined bundle, or a group of parts to choose from."),
]


@object_type(offerings.ProductOffering)
class ProductOffering(Node):
    """What can be ordered, as its provider describes it."""

    name: str = doc("Its name.")
    description: str | None = doc("What it is, in the provider's words.")
    is_bundle: bool = doc("Whether it is a predefined bundle of other offerings.")
    role: providers.ProviderRole = doc("The role that its provider plays in it.")
    provider: providers.ProviderProfile = doc("Who sells it.")
    categories: list[offerings.Category] = doc("Its categories, at most 20.", size=3)
    prices: list[kinds_of_price.Price] = doc("Its prices, at most 100.", size=5)
    characteristics: list[offerings.Characteristic] = doc("What it is and has, at most 100.", size=10)
    terms: list[offerings.Term] = doc("What will have to be accepted, at most 20.", size=3)
    requirements: list[offerings.Requirement] = doc("What other items of a bundle must be, at most 20.", size=3)
    bundled_options: list[BundledOption] = doc(
        "The parts of a predefined bundle, at most 100; empty for any other.", size=10
    )

    @field_of(weight=Weight.PROVIDER)
    async def order_form(
        self: offerings.ProductOffering,
        info: Info,
        place: Annotated[PlaceInput | None, argument("Where it is to be delivered.")] = strawberry.UNSET,
    ) -> forms.OrderForm | None:
        """The form to fill in, read from the provider at this moment; null where the provider can't be read."""
        where = await place_of(info, place) if place else None
        return await catalog.order_form(info.context.core, self.id, where)


ProductOfferingConnection = connection(offerings.ProductOffering, "ProductOffering", over_providers=True)
ProviderConnection = connection(providers.ProviderProfile, "Provider")
