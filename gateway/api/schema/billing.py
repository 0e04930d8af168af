"""Bills of the past and the charges of the running period."""

from datetime import date, datetime
from typing import Any

import strawberry

from gateway.api.context import Info
from gateway.api.paging import page_of_rows
from gateway.api.schema.declaring import doc, enum_type, field_of, object_type
from gateway.api.schema.node import Node
from gateway.api.schema.paging import After, First, connection
from gateway.api.schema.weights import Weight
from gateway.domain import billing, inventory, money, paging
from gateway.domain.catalog import providers
from gateway.domain.identity import provider_id
from gateway.usecases import billing as billing_usecases

enum_type(
    billing.BillState,
    "TM Forum's bill states. Clients must expect new values.",
    NEW="It is being made.",
    ON_HOLD="It is held back.",
    VALIDATED="It is checked, and about to be sent.",
    SENT="It is sent, and to be paid.",
    PARTIALLY_PAID="A part of it is paid.",
    SETTLED="It is paid.",
    UNKNOWN="Another one: the provider's own word is in `providerStatus`.",
)


@object_type(billing.Charge)
class BillLine:
    """What a line of a bill charges for. It is no node."""

    description: str = doc("What it is for, in the provider's words.")
    amount: money.Money = doc("The amount.")
    is_tax_included: bool = doc("Whether tax is in the amount.")
    charged_at: datetime | None = doc("When it was charged.")
    period_start: datetime | None = doc("The start of what it covers.")
    period_end: datetime | None = doc("The end of what it covers.")

    @field_of(weight=Weight.PROVIDERS, batched=True)
    async def product(self: billing.Charge, info: Info) -> inventory.Product | None:
        """The product it is for; null for none, or where the provider can't be read."""
        ref = self.product_ref
        return await info.context.loaders.product(provider_id("Product", self.provider.slug, ref) if ref else None)


BillLineConnection = connection(billing.Charge, "BillLine")


@object_type(billing.Bill)
class Bill(Node):
    """A provider's bill."""

    bill_number: str = doc("The number that the provider gives it.")
    state: billing.BillState = doc("Where it stands.")
    provider_status: str = doc("The same in the provider's own word.")
    provider: providers.ProviderProfile = doc("Who sent it.")
    bill_date: date | None = doc("Its day, in the provider's zone.")
    payment_due_date: date | None = doc("The day by which it is to be paid, in the provider's zone.")
    tax_included: money.Money | None = doc("The sum, tax included.")
    remaining: money.Money | None = doc("What is still to be paid.")

    @field_of(BillLineConnection | None, weight=Weight.PROVIDERS, batched=True)
    async def lines(
        self: billing.Bill, info: Info, first: First = strawberry.UNSET, after: After = strawberry.UNSET
    ) -> paging.Page[Any] | None:
        """Its lines in the provider's order; null where the provider can't be read."""
        size = paging.checked_first(first)
        rows = await info.context.loaders.lines(self)
        return None if rows is None else page_of_rows(rows, size, after, lambda row: row.ref)


@object_type(billing.CurrentCharges)
class CurrentCharges:
    """What a provider has charged so far in the running period, that no bill holds yet."""

    provider: providers.ProviderProfile = doc("The provider.")
    period_start: datetime | None = doc("Since when, where the provider says so.")
    as_of: datetime = doc("When it was read.")
    total: money.Money = doc("The sum so far, tax included.")


@object_type(billing_usecases.CurrentChargesAnswer)
class CurrentChargesAnswer:
    """The running charges of every provider."""

    charges: list[billing.CurrentCharges] = doc("By provider and currency, at most 100.", size=10)
    unavailable_providers: list[providers.UnavailableProvider] = doc(
        "The providers whose charges are missing, at most one entry each.", size=5
    )


BillConnection = connection(billing.Bill, "Bill", over_providers=True)
