"""What may stand in an order form, and what is told at once about what may not."""

import re
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.catalog.forms import Choice, ChoiceConstraint, OrderField, RangeConstraint, TextConstraint
from gateway.domain.ordering.bundles import BundleIssueCode as Code
from gateway.domain.ordering.form_rules import effective_values, filled_in, form_issues, is_in_range, value_issues

pytestmark = pytest.mark.requirement("F3")

QUALITY = ChoiceConstraint((Choice("HD", "High"), Choice("UHD", "Higher")))
RANGE = RangeConstraint(Decimal(1), Decimal(5), Decimal("0.5"))


def matches(pattern: str, text: str) -> bool:
    return re.fullmatch(pattern, text) is not None


def field(key: str, constraint: Any = QUALITY, **more: Any) -> OrderField:
    return OrderField(key, key.title(), "product", constraint, **more)


def codes(*found: Any) -> list[tuple[Code, int | None]]:
    return [(issue.code, issue.position) for issue in found]


def test_a_required_field_with_a_default_is_filled_in_and_one_without_is_missing() -> None:
    fields = (field("a", is_required=True, values=("HD",)), field("b", is_required=True), field("c"))

    issues = form_issues(fields, {}, matches)

    assert [(issue.code, issue.key, issue.params) for issue in issues] == [(Code.MISSING_FIELD, "b", {"label": "B"})]
    assert effective_values(fields, {}) == {"a": ("HD",)}


def test_an_empty_list_clears_a_default() -> None:
    fields = (field("a", is_required=True, values=("HD",)),)

    assert [issue.code for issue in form_issues(fields, {"a": ()}, matches)] == [Code.MISSING_FIELD]
    assert filled_in(fields, {"a": ()}).fields[0].values == ()


@pytest.mark.parametrize(
    ("constraint", "values", "expected"),
    [
        (QUALITY, ("HD",), []),
        (QUALITY, ("hd",), [(Code.INVALID_CHOICE, 0)]),
        (RANGE, ("1.5",), []),
        (RANGE, ("5.5",), [(Code.OUT_OF_RANGE, 0)]),
        (RANGE, ("0.5",), [(Code.OUT_OF_RANGE, 0)]),
        (RANGE, ("1.2",), [(Code.OUT_OF_RANGE, 0)]),
        (RANGE, ("1e0",), [(Code.OUT_OF_RANGE, 0)]),
        (RANGE, ("NaN",), [(Code.OUT_OF_RANGE, 0)]),
        (RANGE, ("٣",), [(Code.OUT_OF_RANGE, 0)]),
        (TextConstraint("[a-z]+", 5), ("abc",), []),
        (TextConstraint("[a-z]+", 5), ("abc1",), [(Code.PATTERN_MISMATCH, 0)]),
        (TextConstraint("[a-z]+", 5), ("abc\n",), [(Code.PATTERN_MISMATCH, 0)]),
        (TextConstraint("[a-z]+", 5), ("abcdef",), [(Code.TOO_LONG, 0)]),
        (TextConstraint(None, 5), ("x", "y", "z"), [(Code.TOO_MANY_VALUES, None)]),
        (QUALITY, ("HD", "x"), [(Code.INVALID_CHOICE, 1)]),
    ],
)
def test_each_constraint_tells_which_value_is_wrong(constraint: Any, values: tuple[str, ...], expected: Any) -> None:
    assert codes(*value_issues(field("a", constraint, maximum_values=2), values, matches)) == expected


def test_too_few_values_and_unknown_fields_are_told() -> None:
    fields = (field("a", minimum_values=2, maximum_values=3, values=("HD",)),)

    issues = form_issues(fields, {"z": ("1",), "cleared": ()}, matches)

    assert [(issue.code, issue.key) for issue in issues] == [(Code.TOO_FEW_VALUES, "a"), (Code.UNKNOWN_FIELD, "z")]


@given(st.integers(-50, 50), st.integers(0, 50), st.sampled_from(["0.1", "0.25", "1", "7"]), st.integers(0, 100))
def test_every_step_from_the_minimum_to_the_maximum_is_in_range(low: int, width: int, step: str, count: int) -> None:
    limits = RangeConstraint(Decimal(low), Decimal(low + width), Decimal(step))
    value = low + count * Decimal(step)

    assert is_in_range(limits, format(value, "f")) == (value <= low + width)
    assert not is_in_range(limits, format(value + Decimal(step) / 2, "f"))


@given(st.text(max_size=40))
def test_no_text_at_all_breaks_the_range_check(text: str) -> None:
    assert is_in_range(RangeConstraint(None, None, Decimal("1e-20")), text) in (True, False)
