"""Pages of rows that are in memory already."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from gateway.domain.errors import RequestError
from gateway.domain.identity import own_id
from gateway.domain.paging import Edge, Page, page_of

T = TypeVar("T")


def page_of_rows(rows: Sequence[T], first: int, after: str | None, key: Callable[[T], str]) -> Page[T]:
    """Up to `first` rows after that cursor, by the rows' keys. Raises: RequestError BAD_CURSOR for one of no row."""
    edges = [Edge(own_id("Row", key(row)), row) for row in rows]
    start = 0
    if after is not None:
        start = next((place for place, edge in enumerate(edges, 1) if edge.cursor == after), 0)
        if not start:
            raise RequestError.at("BAD_CURSOR", "after")
    return page_of(edges[start : start + first], len(edges) > start + first)
