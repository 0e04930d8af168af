"""Pages: forward-only, with opaque cursors (the Relay connection specification's shape)."""

from collections.abc import Sequence
from dataclasses import dataclass, field
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
    """Whether there is more after `end_cursor` (None on an empty page)."""

    has_next_page: bool
    end_cursor: str | None


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Rows in a total order. `unavailable_providers` is cumulative from the first page."""

    edges: Sequence[Edge[T]]
    page_info: PageInfo
    unavailable_providers: Sequence[UnavailableProvider] = field(default_factory=tuple)


def page_of(edges: Sequence[Edge[T]], has_next_page: bool, unavailable: Sequence[UnavailableProvider] = ()) -> Page[T]:
    """A page of these edges."""
    end_cursor = edges[-1].cursor if edges else None
    return Page(edges, PageInfo(has_next_page, end_cursor), unavailable)


def checked_first(first: int | None) -> int:
    """How many rows to give. Raises: RequestError PAGE_SIZE outside 1 … 100."""
    if first is None:
        return DEFAULT_FIRST
    if not 1 <= first <= MAXIMUM_FIRST:
        raise RequestError.at("PAGE_SIZE", "first", maximum=str(MAXIMUM_FIRST))
    return first
