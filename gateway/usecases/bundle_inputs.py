"""What a caller gives to change a bundle, checked as far as it can be without the bundle."""

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from gateway.domain.catalog.forms import OrderField
from gateway.domain.errors import Problem, RequestError
from gateway.domain.ordering.bundles import BundleItem
from gateway.domain.ordering.form_rules import Values, value_issues
from gateway.domain.parties import Place
from gateway.usecases.core import Bounds
from gateway.usecases.patterns import matches

NAME_LENGTH = 100
FIELDS = 100
VALUES = 100
KEY_LENGTH = 200

FilledIn = Sequence[tuple[str, Sequence[str]]]
"""Keys with their values, in the input's order."""


@dataclass(frozen=True, slots=True)
class CreateBundle:
    """The input of `createBundle`; no `offering_id`: an empty bundle."""

    customer_id: str | None = None
    name: str | None = None
    offering_id: str | None = None
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class UpdateBundle:
    """The input of `updateBundle`; None stays as it is, an empty name takes it away."""

    bundle_id: str
    name: str | None = None
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class AddBundleItem:
    """The input of `addBundleItem`."""

    bundle_id: str
    offering_id: str
    quantity: int = 1
    fields: FilledIn = ()


@dataclass(frozen=True, slots=True)
class ConfigureBundleItem:
    """The input of `configureBundleItem`; None and fields left out stay as they are, an empty list clears."""

    bundle_id: str
    item_id: str
    quantity: int | None = None
    fields: FilledIn | None = None


@dataclass(frozen=True, slots=True)
class RemoveBundleItem:
    """The input of `removeBundleItem`."""

    bundle_id: str
    item_id: str


def checked_name(name: str | None) -> str | None:
    """The name without blanks around it, None for an empty one. Raises: RequestError TOO_LONG, INVALID_TEXT."""
    if name is not None and len(name) > NAME_LENGTH:
        raise RequestError.at("TOO_LONG", "name", maximum=str(NAME_LENGTH))
    if name is not None and has_control_characters(name):
        raise RequestError.at("INVALID_TEXT", "name")
    return (name or "").strip() or None


def has_control_characters(text: str) -> bool:
    """Whether it holds what no person types: control characters (NUL too), or half a character."""
    return any(unicodedata.category(char) in ("Cc", "Cs") for char in text)


def quantity_problems(quantity: int, item: BundleItem, bounds: Bounds, others: int = 0) -> Iterator[Problem]:
    """What is wrong with a quantity of that item, beside `others` of the same part of the bundle."""
    most = bounds.item_quantity
    if item.maximum_quantity is not None:
        most = min(most, item.maximum_quantity - others)
    least = max(1, item.minimum_quantity)
    if quantity < least:
        yield Problem("QUANTITY_TOO_LOW", ("quantity",), {"minimum": str(least)})
    elif quantity > most:
        yield Problem("QUANTITY_TOO_HIGH", ("quantity",), {"maximum": str(max(most, 0))})


def field_problems(fields: Sequence[OrderField], given: FilledIn, bounds: Bounds) -> list[Problem]:
    """What is wrong with filled-in fields, each at its place in the input."""
    if len(given) > FIELDS:
        return [Problem("TOO_MANY_VALUES", ("fields",), {"maximum": str(FIELDS)})]
    known = {each.key: each for each in fields}
    problems: list[Problem] = []
    seen: set[str] = set()
    for position, (key, values) in enumerate(given):
        place = ("fields", str(position))
        if key in seen:
            problems.append(Problem("DUPLICATE_FIELD", (*place, "key")))
        elif key not in known:
            problems.append(Problem("UNKNOWN_FIELD", (*place, "key"), {"field": key[:KEY_LENGTH]}))
        else:
            problems.extend(_value_problems(known[key], values, place, bounds))
        seen.add(key)
    return problems


def _value_problems(
    field: OrderField, values: Sequence[str], place: tuple[str, ...], bounds: Bounds
) -> Iterator[Problem]:
    if len(values) > VALUES:
        yield Problem("TOO_MANY_VALUES", (*place, "values"), {"maximum": str(VALUES)})
        return
    unfit: set[int] = set()
    for position, value in enumerate(values):
        code = _unfit(value, bounds)
        if code is not None:
            unfit.add(position)
            limit = {"maximum": str(bounds.field_value_length)}
            yield Problem(code, (*place, "values", str(position)), {"field": field.label, **limit})
    for issue in value_issues(field, values, matches):
        where = (*place, "values") if issue.position is None else (*place, "values", str(issue.position))
        if issue.position not in unfit:
            yield Problem(issue.code, where, {"field": field.label, **issue.params})


def _unfit(value: str, bounds: Bounds) -> str | None:
    if len(value) > bounds.field_value_length:
        return "TOO_LONG"
    # A value that is nothing but blanks would pass for one that was filled in.
    return "INVALID_TEXT" if has_control_characters(value) or not value.strip() else None


def merged_values(kept: Values, given: FilledIn) -> Mapping[str, tuple[str, ...]]:
    """What is filled in after that."""
    return {**kept, **{key: tuple(values) for key, values in given}}
