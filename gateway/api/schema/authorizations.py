"""What a member may do, on what, and under which conditions."""

from datetime import datetime
from typing import Annotated

import strawberry

from gateway.api.context import Info
from gateway.api.schema.declaring import doc, enum_type, field, field_of, object_type
from gateway.api.schema.weights import Weight
from gateway.domain import authorizations, money
from gateway.domain.catalog import offerings
from gateway.domain.catalog.providers import ProviderProfile

enum_type(
    authorizations.SelfServiceFunction,
    "What an authorization can allow. Clients must expect new values.",
    ORDER="To order, and to cancel what was ordered.",
    CONFIGURE="To change what is held.",
    END="To pause and to end what is held.",
    RESTRICT="To set restrictions, such as who may be called.",
    TEST="To run tests.",
    REPORT="To report faults and experiences.",
    PAY="To pay bills.",
    SEE_ORDERS="To see the orders.",
    SEE_PRODUCTS="To see the products.",
    SEE_BILLS="To see the bills and charges.",
    SEE_USAGE="To see the usage.",
    SEE_NOTIFICATIONS="To see the inbox.",
)
enum_type(
    authorizations.Weekday,
    "A day of the week.",
    **{each.name: f"{each.title()}." for each in authorizations.Weekday},
)


@object_type(authorizations.EverythingScope)
class EverythingScope:
    """Everything that the customer holds or may order."""

    includes_future_products: bool = doc("Whether what is not held yet is among it.")


@object_type(authorizations.ProductScope)
class ProductScope:
    """Named products."""

    product_ids: list[strawberry.ID] = doc("The ids of the products, at most 1,000.", size=20)


@object_type(authorizations.OfferingScope)
class OfferingScope:
    """Offerings of some categories at some providers, held already or not. An empty list stands for any."""

    @field_of(weight=Weight.STORE, size=5)
    def categories(self: authorizations.OfferingScope, info: Info) -> list[offerings.Category]:
        """The categories, at most 100."""
        return [info.context.loaders.category(slug) for slug in self.category_slugs]

    @field_of(size=5)
    def providers(self: authorizations.OfferingScope, info: Info) -> list[ProviderProfile]:
        """The providers, at most 100; one that has left is not shown."""
        found = (info.context.core.directory.profile(slug) for slug in self.provider_slugs)
        return [each for each in found if each is not None]


AuthorizationScope = Annotated[
    authorizations.EverythingScope | authorizations.ProductScope | authorizations.OfferingScope,
    strawberry.union(
        "AuthorizationScope", description="What an authorization is about. Clients must expect new kinds."
    ),
]


@object_type(authorizations.Hours)
class AuthorizationHours:
    """When an authorization counts: from one time of the day to another, on some days."""

    weekdays: list[authorizations.Weekday] = doc("The days, at most 7.", size=5)

    @field
    def opens(self: authorizations.Hours) -> str:
        """From when on each day, such as 08:00."""
        return self.opens.isoformat("minutes")

    @field
    def closes(self: authorizations.Hours) -> str:
        """Until when, such as 17:30; on the next day where it is not later than `opens`."""
        return self.closes.isoformat("minutes")


@object_type(authorizations.Conditions)
class AuthorizationConditions:
    """What bounds the use of an authorization; null stands for no bound."""

    spending_limit_per_order: money.Money | None = doc(
        "What one order may cost: what is charged once and for the first period, tax included as far as it is known."
    )
    spending_limit_per_month: money.Money | None = doc(
        "What the orders of one calendar month may cost; those that failed or were cancelled do not count."
    )
    hours: authorizations.Hours | None = doc("When it counts.")
    time_zone: str = doc("The IANA time zone of the hours and of the calendar month.")


@object_type(authorizations.Authorization)
class Authorization:
    """What a member may do: functions, on what, and for how long."""

    id: strawberry.ID = doc("The authorization's id.")
    functions: list[authorizations.SelfServiceFunction] = doc("What it allows, at most one entry each.", size=7)
    scope: AuthorizationScope = doc("What it is about.")
    valid_from: datetime = doc("Since when it counts.")
    valid_until: datetime | None = doc("Until when it counts; null for as long as nobody takes it back.")
    conditions: authorizations.Conditions = doc("What bounds its use.")


@object_type(authorizations.EnabledFunction)
class EnabledFunction:
    """One function that a member enabled for a service user. It counts as long as that member has the right."""

    id: strawberry.ID = doc("The id of what was enabled.")
    function: authorizations.SelfServiceFunction = doc("The function.")
    product_id: strawberry.ID | None = doc("The product; null for everything.")
    enabled_by: strawberry.ID = doc("The id of the actor who enabled it.")
    enabled_at: datetime = doc("When it was enabled.")
