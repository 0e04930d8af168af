"""Prices as TMF620 has them. Amounts are without tax. Source: TMF620 v4.1.0, `ProductOfferingPrice`."""

from decimal import Decimal
from typing import Any

from providers.simulator.catalog.sheet import OfferingSheet, PriceSheet

CURRENCY = "SEK"
TAX_PERCENT = 25
NAMES = {
    "monthly": "Monthly fee",
    "yearly": "Yearly fee",
    "once": "Start fee",
    "usage": "Usage",
    "discount": "Discount",
}


def prices(offering: OfferingSheet) -> list[dict[str, Any]]:
    """All prices of one offering; an id is made of the offering's ref and the price's name."""
    return [_price(offering, price) for price in offering.prices]


def _price(offering: OfferingSheet, price: PriceSheet) -> dict[str, Any]:
    kind = next(kind for kind in NAMES if getattr(price, kind) is not None)
    name = price.name or NAMES[kind]
    shown: dict[str, Any] = {
        "id": price_id(offering.ref, name),
        "name": name,
        "lifecycleStatus": "Active",
        "version": "1.0",
        **_amount(offering, price, kind),
        "@type": "ProductOfferingPrice",
    }
    if price.when:
        shown["prodSpecCharValueUse"] = [_condition(name, value) for name, value in price.when.items()]
    return shown


def price_id(ref: str, name: str) -> str:
    """The same as long as the name stays."""
    return f"{ref}~{name.lower().replace(' ', '-')}"


def _amount(offering: OfferingSheet, price: PriceSheet, kind: str) -> dict[str, Any]:
    number: Decimal = getattr(price, kind)
    if kind == "discount":
        return {"priceType": "discount", "percentage": float(number), "popRelationship": _targets(offering, price)}
    money = {
        "price": {"unit": CURRENCY, "value": float(number)},
        "tax": [{"taxCategory": "VAT", "taxRate": TAX_PERCENT}],
    }
    if kind == "once":
        return {"priceType": "nonRecurring", **money}
    if kind == "usage":
        amount, units = price.per or (1, "piece")
        return {"priceType": "usage", "unitOfMeasure": {"amount": amount, "units": units}, **money}
    period = {"monthly": "month", "yearly": "year"}[kind]
    return {"priceType": "recurring", "recurringChargePeriodType": period, "recurringChargePeriodLength": 1, **money}


def _targets(offering: OfferingSheet, price: PriceSheet) -> list[dict[str, Any]]:
    return [{"id": price_id(offering.ref, name), "name": name, "relationshipType": "discounts"} for name in price.on]


def _condition(name: str, value: str) -> dict[str, Any]:
    return {"name": name, "valueType": "string", "productSpecCharacteristicValue": [{"value": value}]}
