"""Opaque cursors of the events of a log that is numbered from 1: the log, the number, and a mark of the event itself.

The mark is as of an order's event: the numbers of a database that was set back are given once more.
"""

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass

from gateway.domain.errors import RequestError
from gateway.domain.ordering.cursors import mark_of

# What a database's integer holds.
_LAST = 2**31 - 1


@dataclass(frozen=True, slots=True)
class LogPosition:
    """Where an event stands in the log of that name; a cursor that was told before there were marks has none."""

    log: str
    sequence: int
    mark: str = ""


class LogCursors:
    """The cursors of one kind of log, which the letter tells from those of another."""

    def __init__(self, letter: str) -> None:
        self._unmarked, self._marked = f"{letter}1", f"{letter}2"

    def of(self, log: str, sequence: int, key: str) -> str:
        """The cursor of the event of that raw key."""
        return self._written(LogPosition(log, sequence, mark_of(key)))

    def read(self, cursor: str, *path: str) -> LogPosition:
        """The position of a cursor. Raises: RequestError BAD_CURSOR at `path` for what is none of this kind."""
        try:
            text = urlsafe_b64decode(cursor[:200] + "=" * (-len(cursor[:200]) % 4)).decode("ascii")
            _, log, number, *marks = text.split(":")
            position = LogPosition(log, int(number), *marks)
            if self._written(position) != cursor or not 0 < position.sequence <= _LAST:
                raise ValueError(cursor)
        except (binascii.Error, TypeError, ValueError, UnicodeDecodeError):
            raise RequestError.at("BAD_CURSOR", *path) from None
        return position

    def _written(self, position: LogPosition) -> str:
        numbers = f"{position.log}:{position.sequence}"
        text = f"{self._marked}:{numbers}:{position.mark}" if position.mark else f"{self._unmarked}:{numbers}"
        return urlsafe_b64encode(text.encode()).decode().rstrip("=")
