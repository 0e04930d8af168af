"""Cursors of lists over providers: the last row's key in the list's order, and who was unavailable up to it."""

import hashlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

import msgspec

from gateway.domain.catalog.providers import UnavailableProvider
from gateway.domain.errors import RequestError
from gateway.federation.directory import Directory

KeyPart = str | int | Decimal
Key = tuple[KeyPart, ...]

CURSOR_LIMIT = 8000


class _Missing(msgspec.Struct, array_like=True):
    slug: str
    code: str
    retry_after: datetime | None
    last_known_at: datetime | None


class _Cursor(msgspec.Struct, array_like=True):
    listing: str
    key: list[str]
    missing: list[_Missing]


@dataclass(frozen=True, slots=True)
class Position:
    """Where a page begins: behind that key (None: at the start), with those unavailable before it."""

    key: Key | None = None
    unavailable: tuple[UnavailableProvider, ...] = ()


def listing_of(*parts: object) -> str:
    """A short name for a list with its order and filter: a cursor of another list is refused by it."""
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:12]


def merged(
    before: Iterable[UnavailableProvider], now: Iterable[UnavailableProvider]
) -> tuple[UnavailableProvider, ...]:
    """Each provider once, as it stands now where it is in both; those of before first."""
    found = {each.provider.slug: each for each in before}
    found.update((each.provider.slug, each) for each in now)
    return tuple(found.values())


class CursorWriter:
    """Writes the cursors of one page."""

    def __init__(self, listing: str, unavailable: Sequence[UnavailableProvider]) -> None:
        self._listing = listing
        self._missing = [
            _Missing(each.provider.slug, each.code, each.retry_after, each.last_known_at) for each in unavailable
        ]

    def write(self, key: Key) -> str:
        """The cursor of the row with that key."""
        content = _Cursor(self._listing, [str(part) for part in key], self._missing)
        return urlsafe_b64encode(msgspec.json.encode(content)).decode().rstrip("=")


def read_position(
    cursor: str | None, listing: str, shape: Sequence[type[str] | type[int] | type[Decimal]], directory: Directory
) -> Position:
    """Where that cursor stands. Raises: RequestError BAD_CURSOR at `after` for one that is not of this list."""
    if cursor is None:
        return Position()
    try:
        if len(cursor) > CURSOR_LIMIT:
            raise ValueError("too long")
        padded = cursor + "=" * (-len(cursor) % 4)
        content = msgspec.json.decode(urlsafe_b64decode(padded), type=_Cursor)
        if content.listing != listing:
            raise ValueError("another list")
        key = tuple(kind(part) for kind, part in zip(shape, content.key, strict=True))
        if any(isinstance(part, Decimal) and not part.is_finite() for part in key):
            raise ValueError("not a number")
        return Position(key, tuple(_unavailable(each, directory) for each in content.missing))
    except (ValueError, ArithmeticError):
        # binascii's, msgspec's and Unicode's errors are ValueErrors, Decimal's an ArithmeticError.
        raise RequestError.at("BAD_CURSOR", "after") from None


def _unavailable(missing: _Missing, directory: Directory) -> UnavailableProvider:
    profile = directory.profile(missing.slug)
    if profile is None or not missing.code.startswith("PROVIDER_") or len(missing.code) > 40:
        raise ValueError("no such provider")
    return UnavailableProvider(profile, missing.code, missing.retry_after, missing.last_known_at)
