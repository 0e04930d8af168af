"""The operators' page: its documents are those that are run, and its runbook names each reason and each refusal."""

from pathlib import Path

from graphql import GraphQLEnumType

from gateway.api.schema.built import schema
from gateway.domain.clients import ClientScope
from gateway.domain.ordering.reasons import HoldCode
from gateway.usecases.policy import REFUSALS
from tests.docs.blocks import blocks_of, column

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "operators.md"
OPERATIONS = ROOT / "tests" / "operations"
RUN = (
    "operations-orders",
    "order-backlog",
    "executors",
    "operations-order",
    "operations-retry-order-item",
    "skip-order-item",
    "fail-order",
)
"""The documents that tests/e2e/test_operations.py sends, in the order of the page."""


def test_the_documents_of_the_page_are_those_that_a_test_sends() -> None:
    shown = [block.text for block in blocks_of(PAGE) if block.kind == "graphql"]

    assert shown == [(OPERATIONS / f"{name}.graphql").read_text("utf-8") for name in RUN]


def test_the_runbook_has_each_reason_of_a_hold() -> None:
    assert column(PAGE, "reason") == set(HoldCode)


def test_the_page_says_what_to_do_with_each_refusal() -> None:
    plain = {"BAD_USER_INPUT", "NOT_FOUND", "IDEMPOTENCY_KEY_INVALID", "IDEMPOTENCY_KEY_REUSED"}
    codes: set[str] = set()
    for name in ("RetryOrderItem", "SkipOrderItem", "FailOrder"):
        kind = schema._schema.type_map[f"{name}UserErrorCode"]
        assert isinstance(kind, GraphQLEnumType)
        codes |= kind.values.keys()

    told = column(PAGE, "code")

    # What keeps a member from it is the customer's side: docs/security.md.
    assert told == {code for code in codes - plain - REFUSALS if not code.startswith("REASON_")}


def test_the_command_of_the_page_names_the_scope() -> None:
    command = next(block.text for block in blocks_of(PAGE) if block.kind == "sh")

    assert command.split()[-2:] == ["--scope", ClientScope.OPERATIONS]
