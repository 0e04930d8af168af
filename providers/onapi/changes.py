"""A list that is read whole once, and then only what changed. Source: ON-API 2.6, "Updates"; RFC 9110, 13.1.3."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime

from gateway.kit import Answer, Area
from providers.onapi.reading import NONE_THERE, Row, rows_or_none_there

# A change that a network forgets to tell of is seen after that time.
WHOLE_AFTER = timedelta(hours=24)
# The header has no fractions of a second, and networks differ in what they make of the second itself.
OVERLAP = timedelta(seconds=2)
# What came and went leaves traces: after so many changed rows everything is read anew.
MOST_CHANGES = 100_000
# Many rows take long, and meanwhile nobody else may have to wait.
ROWS_AT_ONCE = 200


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
        self._changes = 0
        self._reading = asyncio.Lock()

    async def catch_up(self, area: Area) -> None:
        """Reads what changed since the last time; everything, the first time and once a day.

        Raises: Unavailable, ContractBroken.
        """
        async with self._reading:
            now, earlier = self._now(), self._since
            is_whole = self._is_whole(now)
            rows, since = await area.get(
                self._path, _rows_and_since, modified_since=None if is_whole else earlier, also=NONE_THERE
            )
            if is_whole:
                # Whoever is interrupted amid the rows begins anew.
                self._since = None
                self._clear()
            self._changes = 0 if is_whole else self._changes + len(rows)
            await self._keep(rows)
            self._whole_at = now if is_whole else self._whole_at
            self._since = since or earlier

    def _is_whole(self, now: datetime) -> bool:
        is_due = self._since is None or self._whole_at is None or now - self._whole_at > WHOLE_AFTER
        return is_due or self._changes > MOST_CHANGES

    async def _keep(self, rows: Sequence[Row]) -> None:
        for place, row in enumerate(rows, 1):
            self._take(row)
            if place % ROWS_AT_ONCE == 0:
                await asyncio.sleep(0)


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
