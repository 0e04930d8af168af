"""Pages of what providers keep of a customer: newest first, and cursors that remember who was missing."""

from collections.abc import Callable, Iterable
from datetime import date, datetime
from typing import TypeVar

from gateway.domain.paging import Edge, Page, checked_first, page_of
from gateway.federation.gather import Gathered
from gateway.usecases.core import Core
from gateway.usecases.cursors import CursorWriter, Key, Position, listing_of, merged, read_position
from gateway.usecases.holdings import Row, flat

R = TypeVar("R", bound=Row)

# Behind every date.
_UNDATED = 10**18


def newest_first(row: Row, at: datetime | date | None) -> Key:
    """The key in the total order: the time backwards, then provider and reference; what has no time comes last."""
    if at is None:
        return (_UNDATED, row.provider.slug, row.ref)
    micros = int(at.timestamp() * 1_000_000) if isinstance(at, datetime) else at.toordinal()
    return (-micros, row.provider.slug, row.ref)


class HeldListing:
    """One list of one customer: its cursors are refused by every other list, and by every other customer's."""

    def __init__(self, core: Core, name: str, customer_id: str, first: int | None, after: str | None) -> None:
        """Raises: RequestError PAGE_SIZE, BAD_CURSOR."""
        self._first = checked_first(first)
        self._name = listing_of(name, customer_id)
        self._position: Position = read_position(after, self._name, (int, str, str), core.directory)

    def page(self, gathered: Gathered[tuple[R, ...]], key_of: Callable[[R], Key]) -> Page[R]:
        """The page of all that was gathered."""
        unavailable = merged(self._position.unavailable, gathered.unavailable)
        writer = CursorWriter(self._name, unavailable)
        rows = self._behind((key_of(row), row) for row in flat(gathered))
        shown = [Edge(writer.write(key), row) for key, row in rows[: self._first]]
        return page_of(shown, len(rows) > self._first, unavailable)

    def _behind(self, rows: Iterable[tuple[Key, R]]) -> list[tuple[Key, R]]:
        start = self._position.key
        return sorted(
            (each for each in rows if start is None or each[0] > start),
            key=lambda each: each[0],
        )
