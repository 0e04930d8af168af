"""The schema breaks nothing that was released, unless the change is declared in `breaking.toml` with its reason.

`released.graphql` is the schema of the last release. The commit that makes a release renews it, by
`gateway schema > tests/schema/released.graphql`, and empties `breaking.toml`, whose entries go into the CHANGELOG.
"""

import tomllib
from pathlib import Path

import pytest
from graphql import build_schema, find_breaking_changes

FOLDER = Path(__file__).parent
RELEASED = (FOLDER / "released.graphql").read_text("utf-8")
NEW_ARGUMENT = "A required argument Subscription.orderEvents(new:) was added."


def breaking(released: str, now: str) -> set[str]:
    """What an operation written against the released schema could trip over, as sentences."""
    return {change.description for change in find_breaking_changes(build_schema(released), build_schema(now))}


def accepted() -> dict[str, str]:
    """The declared changes, and why each was made."""
    declared = tomllib.loads((FOLDER / "breaking.toml").read_text("utf-8")).get("accepted", [])
    return {str(each["change"]): str(each["reason"]) for each in declared}


def test_what_breaks_is_what_is_declared(root_dir: Path) -> None:
    found = breaking(RELEASED, (root_dir / "schema.graphql").read_text("utf-8"))

    declared = accepted()

    assert found - declared.keys() == set(), "not declared in breaking.toml"
    assert declared.keys() - found == set(), "declared, and not there (any more)"


def test_each_declared_change_has_a_reason() -> None:
    assert [change for change, reason in accepted().items() if len(reason.split()) < 3] == []


@pytest.mark.parametrize(
    ("before", "after", "change"),
    [
        ("  billNumber:", "  number:", "Field Bill.billNumber was removed."),
        ("  amount: Decimal!\n", "  amount: Decimal\n", "Field Money.amount changed type from Decimal! to Decimal."),
        ("    orderId: ID!\n", "    orderId: ID!\n    new: ID!\n", NEW_ARGUMENT),
        ("SERVICE_PROVIDER", "SELLER", "Enum value ProviderRole.SERVICE_PROVIDER was removed."),
    ],
)
def test_a_breaking_change_is_found(before: str, after: str, change: str) -> None:
    assert before in RELEASED

    assert change in breaking(RELEASED, RELEASED.replace(before, after))


def test_a_new_field_breaks_nothing() -> None:
    now = RELEASED.replace("type Money {\n", "type Money {\n  more: String\n")

    assert now != RELEASED
    assert breaking(RELEASED, now) == set()
