"""A list that is read whole once, and then only what changed. Source: ON-API 2.6, "Updates"; RFC 9110, 13.1.3."""

import asyncio
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime

from gateway.kit import Answer, Area
from providers.onapi.reading import NONE_THERE, Row, rows_or_none_there

# A change that a network forgets to tell of is seen after that time.
WHOLE_AFTER = timedelta(hours=24)
# The header has no fractions of a second, and networks differ in what they make of the second itself.
OVERLAP = timedelta(seconds=2)


class ChangingList:
    """Keeps up with one list; `take` is given each row that is new or changed, `clear` is called before all of them."""

    def __init__(
        self, path: str, now: Callable[[], datetime], take: Callable[[Row], None], clear: Callable[[], None]
    ) -> None:
        self._path = path
        self._now = now
        self._take = take
        self._clear = clear
        self._since: str | None = None
        self._whole_at: datetime | None = None
        self._reading = asyncio.Lock()

    async def catch_up(self, area: Area) -> None:
        """Reads what changed since the last time; everything, the first time and once a day.

        Raises: Unavailable, ContractBroken.
        """
        async with self._reading:
            now = self._now()
            is_whole = self._since is None or self._whole_at is None or now - self._whole_at > WHOLE_AFTER
            rows, since = await area.get(
                self._path, _rows_and_since, modified_since=None if is_whole else self._since, also=NONE_THERE
            )
            if is_whole:
                self._clear()
                self._whole_at = now
            self._keep(rows)
            self._since = since or self._since

    def _keep(self, rows: Iterable[Row]) -> None:
        for row in rows:
            self._take(row)


def _rows_and_since(answer: Answer) -> tuple[list[Row], str | None]:
    return rows_or_none_there(answer), _earlier(answer.last_modified)


def _earlier(moment: str | None) -> str | None:
    """A little before it; None for what is no date: then the whole list is read again."""
    if moment is None:
        return None
    try:
        return format_datetime(parsedate_to_datetime(moment) - OVERLAP, usegmt=True)
    except (ValueError, TypeError):
        return None
