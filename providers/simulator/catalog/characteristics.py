"""Specifications: the facts about an offering and the fields of its order form, as TMF620 has them.

Source: TMF620 v4.1.0, `ProductSpecification` and `ProductSpecificationCharacteristic`.
"""

from collections.abc import Iterable
from typing import Any

from providers.simulator.catalog.sheet import (
    CatalogueSheet,
    FactSheet,
    FieldSheet,
    NarrowSheet,
    OfferingSheet,
    Scalar,
)


def specification(sheet: CatalogueSheet, offering: OfferingSheet) -> dict[str, Any]:
    """The specification that belongs to this offering."""
    facts = [_fact(name, sheet.facts[name], value) for name, value in offering.facts.items()]
    fields = [_field(name, sheet.fields[name]) for name in offering.form]
    return {
        "id": specification_id(offering.ref),
        "name": offering.name,
        "isBundle": bool(offering.bundle or offering.groups),
        "lifecycleStatus": "Active",
        "version": "1.0",
        "productSpecCharacteristic": [*facts, *fields],
        "@type": "ProductSpecification",
    }


def specification_id(ref: str) -> str:
    """The specification's id; the offering's own, marked."""
    return f"spec-{ref}"


def _fact(name: str, fact: FactSheet, value: Scalar | tuple[Scalar, ...]) -> dict[str, Any]:
    values = value if isinstance(value, tuple) else (value,)
    return {
        "id": name,
        "name": name,
        "description": fact.label,
        "configurable": False,
        "valueType": _type_of(values[0]),
        "minCardinality": 1,
        "maxCardinality": len(values),
        "productSpecCharacteristicValue": [
            _with_unit({"value": each, "isDefault": True}, fact.unit) for each in values
        ],
    }


def _type_of(value: Scalar) -> str:
    if isinstance(value, bool):
        return "boolean"
    return "string" if isinstance(value, str) else "number"


def _with_unit(value: dict[str, Any], unit: str | None) -> dict[str, Any]:
    return value if unit is None else {**value, "unitOfMeasure": unit}


def _field(name: str, field: FieldSheet) -> dict[str, Any]:
    return {
        "id": name,
        "name": name,
        "description": field.label,
        "configurable": True,
        "valueType": "boolean" if field.boolean else "integer" if field.range else "string",
        "minCardinality": int(field.required),
        "maxCardinality": field.maximum,
        **({"regex": field.pattern} if field.pattern else {}),
        "productSpecCharacteristicValue": _field_values(field),
    }


def _field_values(field: FieldSheet) -> list[dict[str, Any]]:
    if field.range:
        low, high = field.range
        span = {"valueFrom": low, "valueTo": high, "rangeInterval": str(field.step)}
        default = {"value": field.default[0], "isDefault": True} if field.default else {}
        return [_with_unit({**span, **default}, field.unit)]
    choices: Iterable[Scalar] = (True, False) if field.boolean else field.choices or field.default
    return [_with_unit({"value": each, "isDefault": each in field.default}, field.unit) for each in choices]


def narrowed(name: str, field: FieldSheet, narrow: NarrowSheet) -> dict[str, Any]:
    """What an offering leaves of a field of a shared specification.

    Source: TMF620 v4.1.0, `ProductSpecificationCharacteristicValueUse`.
    """
    return {
        "name": name,
        "description": field.label,
        "valueType": "string",
        "minCardinality": int(field.required),
        "maxCardinality": field.maximum,
        "productSpecCharacteristicValue": [
            {"value": each, "isDefault": each == narrow.default} for each in narrow.choices
        ],
    }
