"""The opaque cursor of an event: one string, accepted wherever the event appears."""

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from uuid import UUID

from gateway.domain.errors import RequestError

_VERSION = "e1"
# What a database's integer holds.
_LAST = 2**63 - 1


@dataclass(frozen=True, slots=True)
class EventPosition:
    """Where an event stands: in its order, and among all of its customer's. Keys are raw UUIDs."""

    customer_key: str
    customer_sequence: int
    order_key: str
    sequence: int


def event_cursor(position: EventPosition) -> str:
    """The cursor of the event at that position."""
    text = f"{_VERSION}:{position.customer_key}:{position.customer_sequence}:{position.order_key}:{position.sequence}"
    return urlsafe_b64encode(text.encode()).decode().rstrip("=")


def read_event_cursor(cursor: str, *path: str) -> EventPosition:
    """The position of a cursor. Raises: RequestError BAD_USER_INPUT at `path` for what is no event's cursor."""
    try:
        text = urlsafe_b64decode(cursor[:400] + "=" * (-len(cursor[:400]) % 4)).decode("ascii")
        version, customer, customer_sequence, order, sequence = text.split(":")
        position = EventPosition(str(UUID(customer)), int(customer_sequence), str(UUID(order)), int(sequence))
        is_countable = max(position.customer_sequence, position.sequence) <= _LAST
        if version != _VERSION or event_cursor(position) != cursor or not is_countable:
            raise ValueError(cursor)
    except (binascii.Error, ValueError, UnicodeDecodeError):
        raise RequestError.at("BAD_CURSOR", *path) from None
    return position
