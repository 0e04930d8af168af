"""Bundles: what a customer puts together to order as one."""

from datetime import datetime
from typing import Annotated, Any

import strawberry

from gateway.api.context import Info
from gateway.api.schema.declaring import argument, doc, enum_type, field, field_of, object_type
from gateway.api.schema.node import Node
from gateway.api.schema.paging import After, First, connection
from gateway.api.schema.scalars import Duration
from gateway.api.schema.weights import Weight
from gateway.api.texts import tell
from gateway.domain import money, paging, parties
from gateway.domain.catalog import forms, offerings, providers
from gateway.domain.ordering import bundles, orders
from gateway.usecases import bundles as bundles_usecases

enum_type(
    bundles.BundleState,
    "Where a bundle stands.",
    OPEN="It can be changed and ordered.",
    ORDERED="It has become an order and changes no more.",
    EXPIRED="Nobody touched it for long; it can't be ordered.",
)
enum_type(
    bundles.IssueSeverity,
    "How grave an issue is.",
    ERROR="It stands in the way of the order.",
    WARNING="It is to be known; the order is possible.",
)
enum_type(
    bundles.BundleIssueCode,
    "What can be wrong with a bundle. Clients must expect new values.",
    EMPTY_BUNDLE="It has no item.",
    MISSING_PLACE="A part needs a place, and the bundle has none.",
    MISSING_FIELD="A required field has no value.",
    UNKNOWN_FIELD="A value is given for a field that the form does not have.",
    INVALID_CHOICE="A value is none of the choices.",
    OUT_OF_RANGE="A number is out of its range, or between its steps.",
    PATTERN_MISMATCH="A text does not have the form that is asked for.",
    TOO_LONG="A text is too long.",
    TOO_FEW_VALUES="A field has too few values.",
    TOO_MANY_VALUES="A field has too many values.",
    QUANTITY_TOO_LOW="There are too few of an item.",
    QUANTITY_TOO_HIGH="There are too many of an item.",
    MISSING_CHOICE="Too few parts of a group are chosen.",
    TOO_MANY_CHOICES="Too many parts of a group are chosen.",
    MISSING_ROLE="An item of a role is missing.",
    UNMET_REQUIREMENT="No item meets what another one requires.",
    NO_AGREEMENT="Two providers have no agreement to be combined.",
    NOT_DELIVERABLE="An item can't be delivered at the place.",
    DELIVERABILITY_UNKNOWN="Nobody can say whether an item can be delivered at the place.",
    WITHDRAWN_OFFERING="An item is sold no more.",
    CHANGED_PRICE="A price has changed since it was last shown.",
    MIXED_CURRENCY="The prices are in several currencies, so there is no total.",
    PROVIDER_UNAVAILABLE="An item's provider can't be reached.",
    PROVIDER_SUSPENDED="An item's provider takes no new orders just now.",
)


@object_type(bundles.BundleItem)
class BundleItem:
    """One offering in a bundle, with a snapshot of what the provider said when it was added."""

    id: strawberry.ID = doc("The item's id in its bundle.")
    role: providers.ProviderRole = doc("The role of the offering.")
    quantity: int = doc("How many.")
    minimum_quantity: int = doc("How many it must be at least.")
    maximum_quantity: int | None = doc(
        "How many it may be at most; null where nothing but the general limit bounds it."
    )
    offering_name: str = doc("The offering's name: a snapshot, there also when the offering is not.")
    is_removable: bool = doc("Whether it can be taken out: a mandatory part of a predefined bundle can't.")

    @field
    def offering(self: bundles.BundleItem, info: Info) -> offerings.ProductOffering | None:
        """The offering; null for one that is withdrawn."""
        return info.context.core.offerings.get(self.offering_id)

    @field
    def provider(self: bundles.BundleItem, info: Info) -> providers.ProviderProfile | None:
        """Who sells it; null for a provider that is connected no more."""
        return info.context.core.directory.profile(self.provider)

    @field_of(weight=Weight.PROVIDER, size=5, batched=True)
    async def depends_on(self: bundles.BundleItem, info: Info) -> list[bundles.BundleItem] | None:
        """The items of the bundle that are delivered before this one, at most 50."""
        return await info.context.loaders.bundles.depends_on(self)

    @field_of(weight=Weight.PROVIDER, batched=True)
    async def order_form(self: bundles.BundleItem, info: Info) -> forms.OrderForm | None:
        """The form with what is filled in; null where the provider can't be read."""
        return await info.context.loaders.bundles.form(self)


@object_type(bundles.BundleIssue)
class BundleIssue:
    """One thing that is wrong with a bundle."""

    @field
    def message(self: bundles.BundleIssue, info: Info) -> str:
        """What to mend, as a sentence in the caller's language."""
        return tell(info.context.locale, "issue", self.code, self.params)

    code: bundles.BundleIssueCode = doc("What it is.")
    severity: bundles.IssueSeverity = doc("How grave it is.")
    item: bundles.BundleItem | None = doc("The item it belongs to; null for one of the bundle as a whole.")
    field: str | None = doc("The key of the form's field it belongs to.")


@object_type(bundles.RecurringTotal)
class RecurringTotal:
    """What is charged again each period."""

    period: Duration = doc("The period.")
    amount: money.Money = doc("The sum of each period.")


@object_type(bundles.ProviderPrice)
class ProviderPrice:
    """One provider's part of a bundle's price."""

    provider: providers.ProviderProfile = doc("The provider.")
    one_time: money.Money | None = doc("What is charged once; null where nothing is, or in several currencies.")
    recurring: list[bundles.RecurringTotal] = doc("What is charged again, by period, at most 10.", size=3)
    tax: money.Money | None = doc("The tax of the one-time charges and of one period of each recurring one.")


@object_type(bundles.BundlePrice)
class BundlePrice:
    """What a bundle costs, by the providers' prices of this moment."""

    one_time: money.Money | None = doc("What is charged once; null where nothing is, or in several currencies.")
    recurring: list[bundles.RecurringTotal] = doc("What is charged again, by period, at most 10.", size=3)
    tax: money.Money | None = doc("The tax of all one-time charges and of one period of each recurring one.")
    is_tax_included: bool = doc("Whether the tax is in the amounts.")
    by_provider: list[bundles.ProviderPrice] = doc("The same for each provider, at most 50.", size=5)


@object_type(parties.Agreement)
class Agreement:
    """A dated agreement between providers (or with the gateway's operator) that lets them be combined. No node."""

    id: strawberry.ID = doc("The agreement's stable id.")
    name: str = doc("Its name.")
    valid_from: datetime | None = doc("Since when it counts.")
    valid_until: datetime | None = doc("Until when it counts.")


@object_type(bundles_usecases.Satisfaction)
class Satisfaction:
    """How a candidate meets what an item of the bundle requires."""

    requirement: offerings.Requirement = doc("What is required.")
    required_by: bundles.BundleItem = doc("The item that requires it.")
    actual: offerings.Characteristic | None = doc("What the candidate has; null where only its kind is required.")


@object_type(bundles_usecases.Candidate)
class BundleCandidate:
    """An offering that may be added to a bundle."""

    offering: offerings.ProductOffering = doc("The offering.")
    agreements: list[parties.Agreement] = doc(
        "What lets it be combined with each provider of the bundle, at most 50.", size=5
    )
    satisfies: list[bundles_usecases.Satisfaction] = doc(
        "The requirements of the bundle's items that it meets, at most 100.", size=5
    )


BundleCandidateConnection = connection(bundles_usecases.Candidate, "BundleCandidate", over_providers=True)


@object_type(bundles.Bundle)
class Bundle(Node):
    """What a customer puts together to order as one: one item or many, of one provider or several."""

    revision: int = doc("Rises by one with each change, a provider's change of prices included. `placeOrder` names it.")
    state: bundles.BundleState = doc("Where it stands.")
    name: str | None = doc("The customer's name for it.")
    place: parties.Place | None = doc("Where it is to be delivered.")
    created_at: datetime = doc("When it was made.")
    updated_at: datetime = doc("When it was last changed.")
    items: list[bundles.BundleItem] = doc("Its items, at most 50.", size=10)
    offering_name: str | None = doc("The name of the predefined bundle it was made from: a snapshot.")

    @field
    def offering(self: bundles.Bundle, info: Info) -> offerings.ProductOffering | None:
        """The predefined bundle it was made from; null for none, or for one that is withdrawn."""
        return info.context.core.offerings.get(self.offering_id) if self.offering_id else None

    @field_of(weight=Weight.PROVIDER)
    async def price(self: bundles.Bundle, info: Info) -> bundles.BundlePrice | None:
        """What it costs; null where a provider's price can't be read."""
        return (await info.context.loaders.bundles.review(self)).price

    @field_of(weight=Weight.PROVIDER, size=20)
    async def terms(self: bundles.Bundle, info: Info) -> list[offerings.Term]:
        """What must be accepted with the order, at most 500."""
        return list((await info.context.loaders.bundles.review(self)).terms)

    @field_of(weight=Weight.PROVIDER, size=20)
    async def issues(self: bundles.Bundle, info: Info) -> list[bundles.BundleIssue]:
        """What is still wrong, at most 1,000."""
        return list((await info.context.loaders.bundles.review(self)).issues)

    @field_of(weight=Weight.PROVIDER)
    async def is_orderable(self: bundles.Bundle, info: Info) -> bool:
        """Whether it can be ordered as it is: it is open, and no issue is an ERROR."""
        return (await info.context.loaders.bundles.review(self)).is_orderable

    @field_of(weight=Weight.STORE)
    async def order(self: bundles.Bundle, info: Info) -> orders.Order | None:
        """The order it has become."""
        return await info.context.loaders.order(self.order_id)

    @field_of(BundleCandidateConnection, weight=Weight.PROVIDERS)
    async def candidates(
        self: bundles.Bundle,
        info: Info,
        role: Annotated[providers.ProviderRole, argument("The role to fill.")],
        first: First = strawberry.UNSET,
        after: After = strawberry.UNSET,
    ) -> paging.Page[Any]:
        """What may be added for a role.

        Deliverable at the bundle's place (any place where it has none), of providers that have an agreement with
        every provider already in
        the bundle (with the gateway's operator for an empty one), and meeting what its items require.
        """
        context = info.context
        return await bundles_usecases.list_candidates(context.core, context.caller, self, role, first, after)
