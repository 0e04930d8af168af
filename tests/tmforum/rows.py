"""Rows as TM Forum APIs answer them, in their shortest form."""

from typing import Any

Row = dict[str, Any]


def offering(ref: str = "fibre-100", **more: Any) -> Row:
    """An offering without a specification or a price, unless given."""
    return {"id": ref, "name": f"Offering {ref}", "category": [{"id": "c", "name": "Fixed voice"}], **more}


def recurring(ref: str = "fee", value: Any = 199, **more: Any) -> Row:
    """A monthly price."""
    return {
        "id": ref,
        "name": "Monthly fee",
        "priceType": "recurring",
        "recurringChargePeriodType": "month",
        "recurringChargePeriodLength": 1,
        "price": {"unit": "SEK", "value": value},
        **more,
    }


def specification(*characteristics: Row, ref: str = "spec-1") -> Row:
    """A specification with these characteristics."""
    return {"id": ref, "name": "Specification", "productSpecCharacteristic": list(characteristics)}


def characteristic(name: str, *values: Row, configurable: bool = True, **more: Any) -> Row:
    """A characteristic; a field of the form unless told."""
    return {"name": name, "configurable": configurable, "productSpecCharacteristicValue": list(values), **more}


def order(ref: str = "o-1", state: str = "acknowledged", item: Row | None = None, **more: Any) -> Row:
    """An order with one item."""
    return {"id": ref, "state": state, "productOrderItem": [{"id": "1", "action": "add", **(item or {})}], **more}
