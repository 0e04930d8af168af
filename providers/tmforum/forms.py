"""Reads the characteristics of a specification: what the product is, and the fields of its order form.

Source: TMF620 v4.1, ProductSpecificationCharacteristic and ProductSpecificationCharacteristicValueUse; v5.0,
CharacteristicSpecification; the README.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from gateway.contract import (
    Characteristic,
    Choice,
    ChoiceConstraint,
    OrderField,
    RangeConstraint,
    TextConstraint,
)
from gateway.kit import Misshapen
from providers.tmforum.reading import Row, as_text, as_texts, flag, number, parts, text, whole

TEXT_LIMIT = 255
PRODUCT_SECTION = "product"
VALUES, VALUES_V5 = "productSpecCharacteristicValue", "characteristicValueSpecification"
Constraint = ChoiceConstraint | RangeConstraint | TextConstraint


def read_characteristics(
    specified: Sequence[Row], uses: Sequence[Row]
) -> tuple[tuple[Characteristic, ...], tuple[OrderField, ...]]:
    """Both in the provider's order; `uses` narrow what the specification allows for one offering. Raises: Misshapen."""
    by_name = {text(use, "name"): use for use in uses}
    facts: list[Characteristic] = []
    fields: list[OrderField] = []
    for row in specified:
        name = text(row, "name")
        if name is None:
            raise Misshapen("a characteristic without a name")
        narrowed = _narrowed(row, by_name.get(name))
        if flag(row, "configurable"):
            fields.append(_field(name, narrowed))
        else:
            facts.append(_fact(name, narrowed))
    return tuple(facts), tuple(fields)


def _narrowed(row: Row, use: Row | None) -> Row:
    """The characteristic, with its values under v4's name; a use has that in v5 too."""
    row = {**row, VALUES: row[VALUES_V5]} if VALUES_V5 in row else row
    if use is None:
        return row
    given = {name: use[name] for name in ("minCardinality", "maxCardinality") if use.get(name) is not None}
    values = parts(use, VALUES)
    return {**row, **given, **({VALUES: list(_remaining(parts(row, VALUES), values))} if values else {})}


def _remaining(specified: Sequence[Row], used: Sequence[Row]) -> Iterable[Row]:
    """The used values, with the specification's unit, and its default where the use names none."""
    by_text = {as_text(each.get("value")): each for each in specified if each.get("value") is not None}
    unit = {name: each[name] for each in specified[:1] for name in ("unitOfMeasure",) if name in each}
    has_default = any(flag(each, "isDefault") for each in used)
    for each in used:
        known = by_text.get(as_text(each.get("value")), unit)
        yield {**known, **each, "isDefault": flag(each if has_default else known, "isDefault") or False}


def _fact(name: str, row: Row) -> Characteristic:
    values = parts(row, VALUES)
    defaults = [each for each in values if flag(each, "isDefault")]
    texts = [value for each in (defaults or values) for value in _texts_of(each)]
    return Characteristic(name, _label(name, row), tuple(dict.fromkeys(texts)), _unit(values))


def _texts_of(value: Row) -> tuple[str, ...]:
    if value.get("value") is not None:
        return as_texts(value["value"])
    ends = (text(value, "valueFrom"), text(value, "valueTo"))
    return ("–".join(end or "" for end in ends),) if any(ends) else ()


def _label(name: str, row: Row) -> str:
    return text(row, "description") or name


def _unit(values: Sequence[Row]) -> str | None:
    return next((unit for each in values if (unit := text(each, "unitOfMeasure"))), None)


def _field(name: str, row: Row) -> OrderField:
    values = parts(row, VALUES)
    minimum = max(whole(row, "minCardinality") or 0, 0)
    section, dot, _ = name.partition(".")
    return OrderField(
        key=name,
        label=_label(name, row),
        section=section if dot and section else PRODUCT_SECTION,
        constraint=_constraint(row, values),
        is_required=minimum >= 1,
        unit=_unit(values),
        minimum_values=minimum,
        maximum_values=max(whole(row, "maxCardinality") or 1, minimum, 1),
        values=_defaults(values),
    )


def _defaults(values: Sequence[Row]) -> tuple[str, ...]:
    chosen = [as_texts(each.get("value")) for each in values if flag(each, "isDefault")]
    return tuple(value for texts in chosen for value in texts)


def _constraint(row: Row, values: Sequence[Row]) -> Constraint:
    """A range before all; then a text where there is a pattern and no more than defaults; then a choice."""
    spans = [each for each in values if each.get("valueFrom") is not None or each.get("valueTo") is not None]
    if spans:
        return _range(spans[0])
    pattern = text(row, "regex") or next((found for each in values if (found := text(each, "regex"))), None)
    valued = [each for each in values if each.get("value") is not None]
    if valued and not (pattern and all(flag(each, "isDefault") for each in valued)):
        return ChoiceConstraint(_choices(value for each in valued for value in as_texts(each["value"])))
    if (text(row, "valueType") or "").lower() == "boolean":
        return ChoiceConstraint(_choices(("true", "false")))
    return TextConstraint(_usable(pattern), TEXT_LIMIT)


def _choices(values: Iterable[str]) -> tuple[Choice, ...]:
    return tuple(Choice(value, value) for value in dict.fromkeys(values))


def _range(span: Row) -> RangeConstraint:
    """TMF's `rangeInterval` may also say `closed` and the like, which leaves the step of one."""
    minimum, maximum = number(span, "valueFrom"), number(span, "valueTo")
    if minimum is not None and maximum is not None and minimum > maximum:
        raise Misshapen(f"a range from {minimum} to {maximum}")
    return RangeConstraint(minimum, maximum, _step(span))


def _step(span: Mapping[str, object]) -> Decimal:
    try:
        step = number(span, "rangeInterval")
    except Misshapen:
        step = None
    return step if step is not None and step > 0 else Decimal(1)


def _usable(pattern: str | None) -> str | None:
    if pattern is None:
        return None
    try:
        re.compile(pattern)
    except re.error:
        return None
    return pattern
