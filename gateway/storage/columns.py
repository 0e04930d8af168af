"""The columns' own types: moments in UTC on both databases, and JSON bodies read and written by msgspec."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, TypeVar

import msgspec
from sqlalchemy import DateTime, Dialect
from sqlalchemy.types import TypeDecorator

T = TypeVar("T")
E = TypeVar("E", bound=StrEnum)

_encoder = msgspec.json.Encoder()


class Moment(TypeDecorator[datetime]):
    """A moment with its zone, always UTC. SQLite keeps it as text of fixed width, so that it sorts."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        found: datetime = value
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def to_json(value: object) -> str:
    """JSON of a domain object; equal objects give equal text."""
    return _encoder.encode(value).decode()


def from_json(text: str, kind: type[T]) -> T:
    """The object again; fields that this version does not know are ignored."""
    return msgspec.json.decode(text, type=kind)


def closest(kind: type[E], text: str, fallback: E) -> E:
    """The member of that name; for an unknown one the longest that it begins with, else `fallback`."""
    begun = [member for member in kind if text.startswith(member.value)]
    return max(begun, key=lambda member: len(member.value), default=fallback)
