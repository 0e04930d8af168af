"""What is granted, and what is enabled, as it is asked for."""

from datetime import datetime
from decimal import Decimal

import strawberry
from strawberry import UNSET

from gateway.api.schema.declaring import ONLY_CUSTOMER, doc
from gateway.api.schema.scalars import CurrencyCode
from gateway.domain.authorizations import SelfServiceFunction, Weekday
from gateway.domain.money import Money
from gateway.usecases.authorization_inputs import GivenConditions, GivenScope


@strawberry.input(description="An amount of money.")
class MoneyInput:
    """As `Money`."""

    amount: Decimal = doc("The amount.")
    currency: CurrencyCode = doc("Its currency.")


@strawberry.input(description="Offerings: at least one of the two lists; one that is left out stands for any.")
class OfferingScopeInput:
    """As `OfferingScope`."""

    categories: list[str] | None = strawberry.field(default=UNSET, description="Categories by slug, at most 100.")
    provider_ids: list[strawberry.ID] | None = strawberry.field(default=UNSET, description="Providers, at most 100.")


@strawberry.input(one_of=True, description="What an authorization is about.")
class AuthorizationScopeInput:
    """Exactly one of the three."""

    everything: bool | None = strawberry.field(default=UNSET, description="True: all there is, and all that comes.")
    product_ids: list[strawberry.ID] | None = strawberry.field(
        default=UNSET, description="Products of the customer's, at most 1,000."
    )
    offerings: OfferingScopeInput | None = strawberry.field(default=UNSET, description="Offerings.")


@strawberry.input(description="When an authorization counts.")
class AuthorizationHoursInput:
    """As `AuthorizationHours`."""

    weekdays: list[Weekday] = doc("The days.")
    opens: str = doc("From when on each day, such as 08:00.")
    closes: str = doc("Until when, such as 17:30; on the next day where it is not later than `opens`.")


@strawberry.input(description="What bounds the use of an authorization. What is left out bounds nothing.")
class AuthorizationConditionsInput:
    """As `AuthorizationConditions`."""

    spending_limit_per_order: MoneyInput | None = strawberry.field(
        default=UNSET, description="What one order may cost, more than zero."
    )
    spending_limit_per_month: MoneyInput | None = strawberry.field(
        default=UNSET, description="What the orders of one calendar month may cost, more than zero."
    )
    hours: AuthorizationHoursInput | None = strawberry.field(default=UNSET, description="When it counts.")
    time_zone: str | None = strawberry.field(
        default="UTC", description="The IANA time zone of the hours and of the calendar month, such as Europe/Oslo."
    )


@strawberry.input(description="What a member may do from now on.")
class GrantAuthorizationInput:
    """Whom, what, on what, and under which conditions."""

    actor_id: strawberry.ID = doc("The member, an authorized user.")
    functions: list[SelfServiceFunction] = doc("What is allowed, one at least.")
    scope: AuthorizationScopeInput = doc("What it is about.")
    customer_id: strawberry.ID | None = strawberry.field(default=UNSET, description=ONLY_CUSTOMER)
    valid_from: datetime | None = strawberry.field(default=UNSET, description="Since when; from now on if left out.")
    valid_until: datetime | None = strawberry.field(
        default=UNSET, description="Until when; for as long as nobody takes it back if left out."
    )
    conditions: AuthorizationConditionsInput | None = strawberry.field(default=UNSET, description="What bounds it.")


@strawberry.input(description="What to change about an authorization; what is left out stays as it is.")
class ChangeAuthorizationInput:
    """What it is about can't be changed: grant another one."""

    authorization_id: strawberry.ID = doc("The authorization.")
    functions: list[SelfServiceFunction] | None = strawberry.field(
        default=UNSET, description="All that it allows from now on."
    )
    valid_until: datetime | None = strawberry.field(default=UNSET, description="Until when it counts.")
    conditions: AuthorizationConditionsInput | None = strawberry.field(
        default=UNSET, description="All its conditions anew: those left out in here are gone."
    )


@strawberry.input(description="What to take back.")
class RevokeAuthorizationInput:
    """By its id."""

    authorization_id: strawberry.ID = doc("The authorization.")


@strawberry.input(description="A function for a service user.")
class EnableFunctionInput:
    """For whom, which one, and on what."""

    actor_id: strawberry.ID = doc("The member, a service user.")
    function: SelfServiceFunction = doc("TEST, REPORT, or one to see something.")
    product_id: strawberry.ID | None = strawberry.field(
        default=UNSET, description="The product; everything if left out."
    )
    customer_id: strawberry.ID | None = strawberry.field(default=UNSET, description=ONLY_CUSTOMER)


@strawberry.input(description="A function to take back from a service user.")
class DisableFunctionInput(EnableFunctionInput):
    """As it was enabled."""


def scope_of(given: AuthorizationScopeInput) -> GivenScope:
    """The use case's words."""
    offerings = given.offerings or None
    return GivenScope(
        given.everything or None,
        tuple(given.product_ids) if given.product_ids is not None else None,
        tuple(offerings.categories or ()) if offerings else None,
        tuple(offerings.provider_ids or ()) if offerings else None,
    )


def conditions_of(given: AuthorizationConditionsInput | None) -> GivenConditions | None:
    """The use case's words."""
    if not given:
        return None
    hours = given.hours or None
    return GivenConditions(
        _money(given.spending_limit_per_order),
        _money(given.spending_limit_per_month),
        tuple(hours.weekdays) if hours else None,
        hours.opens if hours else None,
        hours.closes if hours else None,
        given.time_zone or "UTC",
    )


def _money(given: MoneyInput | None) -> Money | None:
    return Money(given.amount, given.currency) if given else None
