"""Security events as a table (CSV, RFC 4180): for a spreadsheet, which must not take a cell for a formula."""

import csv
import io
from collections.abc import Iterable

from gateway.domain.security import SecurityEvent

COLUMNS = (
    "id",
    "kind",
    "occurredAt",
    "actorId",
    "customerId",
    "subject",
    "parameters",
    "address",
    "times",
    "digest",
)
# A cell that begins so is worked out by spreadsheets; a tab or a line's end in front is dropped by some.
_FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n")


def header_line() -> str:
    """The names of the columns, with the line's end."""
    return _line(COLUMNS)


def table_line(event: SecurityEvent) -> str:
    """The event, with the line's end. What is None is empty; the parameters are `name=value`, by name.

    A cell that could be taken for a formula has an apostrophe in front.
    """
    parameters = "; ".join(f"{name}={value}" for name, value in sorted(event.params.items()))
    cells = (
        event.id,
        event.kind.value,
        event.occurred_at.isoformat(),
        event.actor_id,
        event.customer_id,
        event.subject,
        parameters,
        event.address,
        str(event.times),
        event.digest,
    )
    return _line(_as_text(each or "") for each in cells)


def _as_text(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULAS) else cell


def _line(cells: Iterable[str]) -> str:
    text = io.StringIO()
    csv.writer(text).writerow(cells)
    return text.getvalue()
