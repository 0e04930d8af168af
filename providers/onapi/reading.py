"""Pieces of a tolerant reader of ON-API's rows: what is missing is None, and only nonsense is Misshapen.

Source: ON-API 2.6, data formats.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, tzinfo
from typing import Any

from gateway.kit import Answer, Misshapen

Row = Mapping[str, Any]
NONE_THERE = frozenset({404})
TEXT_LIMIT = 10_000
# As the data formats have it, and a little more: what would stand in a path is checked.
_ID = re.compile(r"[-0-9a-zA-Z._~]{1,100}")


def text(row: Row, name: str) -> str | None:
    """A text without blanks around it, cut where too long, a number as text; None for an empty one and all else."""
    value = row.get(name)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    # No database keeps a NUL in a text.
    return value[:TEXT_LIMIT].replace("\0", "").strip() or None if isinstance(value, str) else None


def identity(row: Row, name: str) -> str:
    """An ID that can stand in a path. Raises: Misshapen."""
    found = text(row, name) or ""
    if not is_id(found):
        raise Misshapen(f"no usable {name}")
    return found


def is_id(found: str) -> bool:
    """Whether it can be an ID."""
    return _ID.fullmatch(found) is not None


def parts(row: Row, name: str) -> Sequence[Row]:
    """The objects in a list."""
    value = row.get(name)
    return tuple(each for each in value if isinstance(each, dict)) if isinstance(value, list) else ()


def moment(row: Row, name: str, zone: tzinfo = UTC) -> datetime | None:
    """A moment in UTC; one without an offset (or a day) is in the zone. None for what is no date."""
    found = text(row, name)
    if found is None:
        return None
    try:
        read: datetime | date = datetime.fromisoformat(found)
    except ValueError:
        return None
    if not isinstance(read, datetime):
        read = datetime.combine(read, time())
    try:
        return (read if read.tzinfo else read.replace(tzinfo=zone)).astimezone(UTC)
    except OverflowError:
        return None


def rows_or_none_there(answer: Answer) -> list[Row]:
    """The rows of a list; none for 404, which the API answers where there is nothing. Raises: Misshapen."""
    return [] if answer.status in NONE_THERE or answer.is_unchanged else answer.rows()
