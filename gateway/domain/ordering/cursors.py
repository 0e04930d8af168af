"""The opaque cursor of an event: one string, accepted wherever the event appears.

It holds a mark of the event itself, too. A database that was set back to an old copy counts from there again, and a
cursor of what is gone is not taken for that of another event which has its numbers now.
"""

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from uuid import UUID

from gateway.domain.errors import RequestError

# Without the mark, and with it.
_UNMARKED, _MARKED = "e1", "e2"
# What a database's integer holds.
_LAST = 2**63 - 1


@dataclass(frozen=True, slots=True)
class EventPosition:
    """Where an event stands: in its order, and among all of its customer's. Keys are raw UUIDs.

    `mark` is of the event alone; those of format 1 have none.
    """

    customer_key: str
    customer_sequence: int
    order_key: str
    sequence: int
    mark: str = ""


def mark_of(key: str) -> str:
    """What tells the event of that raw key from any other with its numbers: the random end of its UUIDv7."""
    return key[-12:]


def event_cursor(position: EventPosition) -> str:
    """The cursor of the event at that position."""
    numbers = f"{position.customer_key}:{position.customer_sequence}:{position.order_key}:{position.sequence}"
    text = f"{_MARKED}:{numbers}:{position.mark}" if position.mark else f"{_UNMARKED}:{numbers}"
    return urlsafe_b64encode(text.encode()).decode().rstrip("=")


def read_event_cursor(cursor: str, *path: str) -> EventPosition:
    """The position of a cursor. Raises: RequestError BAD_USER_INPUT at `path` for what is no event's cursor."""
    try:
        text = urlsafe_b64decode(cursor[:400] + "=" * (-len(cursor[:400]) % 4)).decode("ascii")
        _, customer, customer_sequence, order, sequence, *marks = text.split(":")
        position = EventPosition(str(UUID(customer)), int(customer_sequence), str(UUID(order)), int(sequence), *marks)
        is_countable = max(position.customer_sequence, position.sequence) <= _LAST
        if event_cursor(position) != cursor or not is_countable:
            raise ValueError(cursor)
    except (binascii.Error, TypeError, ValueError, UnicodeDecodeError):
        raise RequestError.at("BAD_CURSOR", *path) from None
    return position
