"""Money, and the prices of an offering."""

from decimal import Decimal

import strawberry

from gateway.api.schema.declaring import doc, interface_type, object_type
from gateway.api.schema.scalars import CurrencyCode, Duration
from gateway.domain import money
from gateway.domain.catalog import prices


@object_type(money.Money)
class Money:
    """An exact amount in one currency, rounded half-up once a line."""

    amount: Decimal = doc("The amount.")
    currency: CurrencyCode = doc("The currency.")


@object_type(prices.Quantity)
class Quantity:
    """An amount of a unit, such as 1 GB."""

    amount: Decimal = doc("How much.")
    unit: str = doc("Of what.")


@interface_type(prices.Price)
class Price:
    """A price of an offering. It has a stable id but is no node."""

    id: strawberry.ID = doc("The price's stable id.")
    name: str = doc("Its name, as the provider gives it.")
    is_tax_included: bool = doc("Whether tax is in the amount.")
    tax_rate: Decimal = doc("The tax, in percent.")


@object_type(prices.OneTimePrice)
class OneTimePrice(Price):
    """Charged once, at activation."""

    amount: money.Money = doc("The amount.")


@object_type(prices.RecurringPrice)
class RecurringPrice(Price):
    """Charged again each period."""

    period: Duration = doc("The period.")
    amount: money.Money = doc("The amount of each period.")


@object_type(prices.UsagePrice)
class UsagePrice(Price):
    """Charged by what is used."""

    per: prices.Quantity = doc("What the amount buys.")
    amount: money.Money = doc("The amount.")


@object_type(prices.PriceAlteration)
class PriceAlteration(Price):
    """A discount on other prices: either a percentage or an amount."""

    applies_to: list[strawberry.ID] = doc(
        "The ids of the prices it alters, at most 100; empty: every recurring price of the offering.", size=5
    )
    percentage: Decimal | None = doc("What is taken off, in percent.")
    amount_off: money.Money | None = doc("What is taken off, as an amount.")
