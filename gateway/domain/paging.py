"""Pages: forward-only, with opaque cursors (the Relay connection specification's shape)."""

import binascii
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Generic, TypeVar

from gateway.domain.catalog.providers import UnavailableProvider
from gateway.domain.errors import RequestError

T = TypeVar("T")

DEFAULT_FIRST = 20
MAXIMUM_FIRST = 100


@dataclass(frozen=True, slots=True)
class Edge(Generic[T]):
    """One row, and the cursor that starts after it."""

    cursor: str
    node: T


@dataclass(frozen=True, slots=True)
class PageInfo:
    """Whether there is more after `end_cursor` (None on an empty page). Nobody looks for what is before it."""

    has_next_page: bool
    end_cursor: str | None
    start_cursor: str | None = None
    has_previous_page: bool = False


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Rows in a total order. `unavailable_providers` is cumulative from the first page."""

    edges: Sequence[Edge[T]]
    page_info: PageInfo
    unavailable_providers: Sequence[UnavailableProvider] = field(default_factory=tuple)


def page_of(edges: Sequence[Edge[T]], has_next_page: bool, unavailable: Sequence[UnavailableProvider] = ()) -> Page[T]:
    """A page of these edges."""
    start, end = (edges[0].cursor, edges[-1].cursor) if edges else (None, None)
    return Page(edges, PageInfo(has_next_page, end, start), unavailable)


def checked_first(first: int | None) -> int:
    """How many rows to give. Raises: RequestError PAGE_SIZE outside 1 … 100."""
    if first is None:
        return DEFAULT_FIRST
    if not 1 <= first <= MAXIMUM_FIRST:
        raise RequestError.at("PAGE_SIZE", "first", maximum=str(MAXIMUM_FIRST))
    return first


def key_cursor(kind: str, *parts: str) -> str:
    """The opaque cursor of a row: the list it belongs to, and its key in that list's order."""
    return urlsafe_b64encode(json.dumps([kind, *parts], ensure_ascii=False).encode()).decode().rstrip("=")


def read_key_cursor(kind: str, cursor: str | None, parts: int) -> tuple[str, ...] | None:
    """The key in a cursor of that list, None without a cursor.

    Raises: RequestError BAD_CURSOR at `after` for what is no cursor of that list, or of that many parts.
    """
    if cursor is None:
        return None
    try:
        found = json.loads(urlsafe_b64decode(cursor[:4000] + "=" * (-len(cursor[:4000]) % 4)))
    except (binascii.Error, ValueError, RecursionError):
        found = None
    if not isinstance(found, list) or len(found) != parts + 1 or found[0] != kind:
        raise RequestError.at("BAD_CURSOR", "after")
    if not all(isinstance(part, str) for part in found):
        raise RequestError.at("BAD_CURSOR", "after")
    return tuple(found[1:])


def moment_cursor(kind: str, at: datetime, row_id: str) -> str:
    """The cursor of a row in a list by time."""
    return key_cursor(kind, at.isoformat(), row_id)


def read_moment_cursor(kind: str, cursor: str | None) -> tuple[datetime, str] | None:
    """The moment and the row's id in a cursor of that list by time, None without a cursor.

    Raises: RequestError BAD_CURSOR at `after`, as `read_key_cursor`; also for a moment that has no zone, or that UTC
    does not have.
    """
    key = read_key_cursor(kind, cursor, 2)
    if key is None:
        return None
    try:
        at = datetime.fromisoformat(key[0])
        if at.tzinfo is None:
            raise ValueError(key[0])
        return at.astimezone(UTC), key[1]
    except (ValueError, OverflowError):
        raise RequestError.at("BAD_CURSOR", "after") from None
