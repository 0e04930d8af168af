"""What a product costs as it is configured: the prices that apply, times the quantity, with their discounts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from providers.simulator.catalog.prices import CURRENCY, TAX_PERCENT

CENT = Decimal("0.01")
PERIODS = ("month", "year")


@dataclass(frozen=True)
class Charge:
    """One line: an amount without tax, once (`period` None) or for each month or year. A discount is below zero."""

    price_id: str
    name: str
    price_type: str
    period: str | None
    amount: Decimal


def rounded(amount: Decimal) -> Decimal:
    """To the cent, half up."""
    return amount.quantize(CENT, ROUND_HALF_UP)


def tax_on(amount: Decimal) -> Decimal:
    """The tax on an amount without it."""
    return rounded(amount * TAX_PERCENT / 100)


def charges(prices: Sequence[Mapping[str, Any]], values: Mapping[str, list[Any]], quantity: int) -> list[Charge]:
    """The charges of a product. What is paid by use costs nothing before it is used."""
    applying = [price for price in prices if _applies(price, values)]
    full = [_charge(price, quantity) for price in applying if price["priceType"] in ("recurring", "nonRecurring")]
    discounts = [price for price in applying if price["priceType"] == "discount"]
    return full + [line for discount in discounts for line in _discounted(discount, full)]


def _applies(price: Mapping[str, Any], values: Mapping[str, list[Any]]) -> bool:
    return all(
        any(option["value"] in values.get(use["name"], ()) for option in use["productSpecCharacteristicValue"])
        for use in price.get("prodSpecCharValueUse", ())
    )


def _charge(price: Mapping[str, Any], quantity: int) -> Charge:
    amount = rounded(Decimal(str(price["price"]["value"])) * quantity)
    return Charge(price["id"], price["name"], price["priceType"], price.get("recurringChargePeriodType"), amount)


def _discounted(discount: Mapping[str, Any], full: Sequence[Charge]) -> list[Charge]:
    named = {target["id"] for target in discount["popRelationship"]}
    hit = [charge for charge in full if (charge.price_id in named if named else charge.period is not None)]
    share = Decimal(str(discount["percentage"])) / 100
    return [
        Charge(discount["id"], discount["name"], "discount", charge.period, -rounded(charge.amount * share))
        for charge in hit
    ]


def money(amount: Decimal) -> dict[str, Any]:
    """The amount as TM Forum's `Money`."""
    return {"unit": CURRENCY, "value": float(amount)}


def product_price(charge: Charge) -> dict[str, Any]:
    """The charge as TMF637 has it. Source: TMF637 v4.0.0, `ProductPrice`."""
    period = {} if charge.period is None else {"recurringChargePeriod": charge.period}
    return {
        "name": charge.name,
        "priceType": charge.price_type,
        **period,
        "price": {
            "taxRate": TAX_PERCENT,
            "dutyFreeAmount": money(charge.amount),
            "taxIncludedAmount": money(charge.amount + tax_on(charge.amount)),
        },
        "productOfferingPrice": {"id": charge.price_id},
    }


def charge_of(price: Mapping[str, Any]) -> Charge:
    """The reverse of `product_price`: what was agreed when the product was ordered."""
    amount = Decimal(str(price["price"]["dutyFreeAmount"]["value"]))
    return Charge(
        price["productOfferingPrice"]["id"],
        price["name"],
        price["priceType"],
        price.get("recurringChargePeriod"),
        amount,
    )
