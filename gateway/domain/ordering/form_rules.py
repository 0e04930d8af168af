"""What may stand in an order form's fields, and what is wrong with what does."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal, InvalidOperation

from gateway.domain.catalog.forms import ChoiceConstraint, OrderField, OrderForm, RangeConstraint, TextConstraint
from gateway.domain.ordering.bundles import BundleIssueCode

Values = Mapping[str, tuple[str, ...]]
Matcher = Callable[[str, str], bool]
"""Whether the whole text (second) matches the pattern (first); must answer soon for every pattern and text."""

# A number of more digits than this is none that a person means.
_DIGITS = 30


@dataclass(frozen=True, slots=True)
class FieldIssue:
    """What is wrong with a field. `position` is that of the wrong value; None where it is the field as a whole."""

    code: BundleIssueCode
    key: str
    position: int | None = None
    params: Mapping[str, str] = field(default_factory=dict)


def filled_in(fields: Sequence[OrderField], values: Values) -> OrderForm:
    """The form with what was filled in in place of the defaults; an empty list clears a default."""
    return OrderForm(tuple(replace(each, values=values.get(each.key, each.values)) for each in fields))


def effective_values(fields: Sequence[OrderField], values: Values) -> Values:
    """The values by key, defaults included, of the fields that have any."""
    return {each.key: each.values for each in filled_in(fields, values).fields if each.values}


def form_issues(fields: Sequence[OrderField], values: Values, matches: Matcher) -> tuple[FieldIssue, ...]:
    """All that stands in the way of ordering: missing fields too. In the form's order, unknown fields last."""
    known = {each.key for each in fields}
    found = [issue for each in filled_in(fields, values).fields for issue in _of_field(each, matches)]
    found.extend(
        FieldIssue(BundleIssueCode.UNKNOWN_FIELD, key) for key, given in values.items() if given and key not in known
    )
    return tuple(found)


def value_issues(field_: OrderField, values: Sequence[str], matches: Matcher) -> tuple[FieldIssue, ...]:
    """What is wrong with values as they are filled in; nothing is missing yet, so an empty list is right."""
    issues = [
        issue
        for position, value in enumerate(values)
        if (issue := _of_value(field_, position, value, matches)) is not None
    ]
    if len(values) > field_.maximum_values:
        limit = {"maximum": str(field_.maximum_values)}
        issues.append(FieldIssue(BundleIssueCode.TOO_MANY_VALUES, field_.key, None, limit))
    return tuple(issues)


def _of_field(field_: OrderField, matches: Matcher) -> list[FieldIssue]:
    count = len(field_.values)
    if count == 0:
        is_missing = field_.is_required or field_.minimum_values > 0
        return (
            [FieldIssue(BundleIssueCode.MISSING_FIELD, field_.key, None, {"label": field_.label})] if is_missing else []
        )
    issues = list(value_issues(field_, field_.values, matches))
    if count < field_.minimum_values:
        limit = {"minimum": str(field_.minimum_values)}
        issues.append(FieldIssue(BundleIssueCode.TOO_FEW_VALUES, field_.key, None, limit))
    return issues


def _of_value(field_: OrderField, position: int, value: str, matches: Matcher) -> FieldIssue | None:
    constraint = field_.constraint
    if isinstance(constraint, ChoiceConstraint):
        if any(choice.value == value for choice in constraint.choices):
            return None
        return FieldIssue(BundleIssueCode.INVALID_CHOICE, field_.key, position)
    if isinstance(constraint, RangeConstraint):
        if is_in_range(constraint, value):
            return None
        return FieldIssue(BundleIssueCode.OUT_OF_RANGE, field_.key, position, _range_params(constraint))
    return _of_text(field_, constraint, position, value, matches)


def _of_text(
    field_: OrderField, constraint: TextConstraint, position: int, value: str, matches: Matcher
) -> FieldIssue | None:
    if len(value) > constraint.maximum_length:
        limit = {"maximum": str(constraint.maximum_length)}
        return FieldIssue(BundleIssueCode.TOO_LONG, field_.key, position, limit)
    if constraint.pattern is not None and not matches(constraint.pattern, value):
        return FieldIssue(BundleIssueCode.PATTERN_MISMATCH, field_.key, position)
    return None


def is_in_range(constraint: RangeConstraint, value: str) -> bool:
    """Whether it is a plain decimal number in the limits, a whole number of steps from the minimum (or zero)."""
    number = plain_number(value)
    if number is None:
        return False
    if constraint.minimum is not None and number < constraint.minimum:
        return False
    if constraint.maximum is not None and number > constraint.maximum:
        return False
    return not constraint.step or _is_whole_step(number - (constraint.minimum or 0), constraint.step)


def _is_whole_step(distance: Decimal, step: Decimal) -> bool:
    try:
        return distance % step == 0
    except InvalidOperation:  # More steps than a decimal has digits.
        return False


def plain_number(value: str) -> Decimal | None:
    """The number; None for what is none, for infinities, exponents and digits of other scripts."""
    if len(value) > _DIGITS or not value.isascii() or not set(value) <= set("+-.0123456789"):
        return None
    try:
        return Decimal(value)
    except InvalidOperation:
        return None


def _range_params(constraint: RangeConstraint) -> Mapping[str, str]:
    limits = {"minimum": constraint.minimum, "maximum": constraint.maximum, "step": constraint.step}
    return {name: format(limit, "f") for name, limit in limits.items() if limit is not None}
