"""The table of security events: one line each, that no spreadsheet takes for a formula."""

import csv
import io
from dataclasses import replace

import pytest

from gateway.domain.security import SecurityEvent, SecurityEventKind
from gateway.domain.security_table import COLUMNS, header_line, table_line
from tests.clock import NOON

EVENT = SecurityEvent(
    "id-1",
    1,
    "cursor",
    SecurityEventKind.USE_REFUSED,
    NOON,
    "actor-1",
    None,
    "subject",
    {"field": "placeOrder", "code": "NOT_ALLOWED"},
    "192.0.2.7",
    3,
    "d" * 64,
)


def cells(line: str) -> list[str]:
    assert line.endswith("\r\n")
    (row,) = csv.reader(io.StringIO(line, newline=""))
    return row


def test_an_event_is_a_line_with_a_cell_for_each_column() -> None:
    assert cells(header_line()) == list(COLUMNS)
    assert cells(table_line(EVENT)) == [
        "id-1",
        "USE_REFUSED",
        "2026-03-01T12:00:00+00:00",
        "actor-1",
        "",
        "subject",
        "code=NOT_ALLOWED; field=placeOrder",
        "192.0.2.7",
        "3",
        "d" * 64,
    ]


@pytest.mark.requirement("S4", "N4")
@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", '=HYPERLINK("http://x","y")'])
def test_no_cell_begins_as_a_formula_does(text: str) -> None:
    event = replace(EVENT, id=text, actor_id=text, customer_id=text, subject=text, params={text: text}, address=text)

    found = cells(table_line(event))

    named = dict(zip(COLUMNS, found, strict=True))
    assert [named[name] for name in ("id", "actorId", "customerId", "subject", "address")] == [f"'{text}"] * 5
    assert named["parameters"] == f"'{text}={text}"


def test_what_would_end_a_cell_or_a_line_stays_in_its_cell() -> None:
    event = replace(EVENT, subject='a,"b"\r\nc;d')

    assert cells(table_line(event))[5] == 'a,"b"\r\nc;d'
