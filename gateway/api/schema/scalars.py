"""Scalars: exact decimals as strings, moments with their offset, ISO codes."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, NewType

from graphql import GraphQLError
from strawberry import scalar
from strawberry.types.scalar import ScalarDefinition

Duration = NewType("Duration", str)
CurrencyCode = NewType("CurrencyCode", str)
CountryCode = NewType("CountryCode", str)
Json = NewType("Json", object)

_OFFSET = re.compile(r"(?:[zZ]|[+-]\d\d:\d\d)$")
_DURATION = re.compile(r"P(?=.)(?:\d+Y)?(?:\d+M)?(?:\d+W)?(?:\d+D)?(?:T(?=.)(?:\d+H)?(?:\d+M)?(?:\d+S)?)?")
_COUNTRY = re.compile(r"[A-Z]{2}")
_CURRENCY = re.compile(r"[A-Z]{3}")


def written_moment(moment: datetime) -> str:
    """In UTC, with `Z`."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def read_moment(value: Any) -> datetime:
    """A moment with an offset, in UTC. Raises: GraphQLError for anything else."""
    if isinstance(value, str) and "T" in value.upper() and _OFFSET.search(value):
        try:
            return datetime.fromisoformat(value.upper()).astimezone(UTC)
        except (ValueError, OverflowError):
            pass
    raise GraphQLError("DateTime needs RFC 3339 with an offset, such as 2026-01-31T12:00:00Z.")


def read_date(value: Any) -> date:
    """A day. Raises: GraphQLError for anything else."""
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        raise GraphQLError("Date needs the form 2026-01-31.") from None


def written_decimal(value: Decimal) -> str:
    """In plain digits, never with an exponent."""
    return format(value, "f")


def read_decimal(value: Any) -> Decimal:
    """An exact, finite number from a string. Raises: GraphQLError for anything else."""
    try:
        # Python reads 1_000 and the digits of every script, too.
        is_plain = isinstance(value, str) and len(value) <= 40 and value.isascii() and value.isprintable()
        number = Decimal(value) if is_plain and not {" ", "_"} & set(value) else None
    except InvalidOperation:
        number = None
    if number is None or not number.is_finite():
        raise GraphQLError('Decimal needs a string of digits, such as "12.50".')
    return number


def _as_it_is(value: Any) -> Any:
    return value


def _matching(name: str, pattern: re.Pattern[str], example: str) -> Callable[[Any], str]:
    def read(value: Any) -> str:
        if isinstance(value, str) and pattern.fullmatch(value):
            return value
        raise GraphQLError(f"{name} needs a value such as {example}.")

    return read


def _text(name: str, pattern: re.Pattern[str], example: str, description: str, url: str) -> ScalarDefinition:
    read = _matching(name, pattern, example)
    return scalar(name=name, description=description, serialize=str, parse_value=read, specified_by_url=url)


SCALARS: dict[object, ScalarDefinition] = {
    datetime: scalar(
        name="DateTime",
        description="A moment: RFC 3339 with an offset; answers are in UTC.",
        serialize=written_moment,
        parse_value=read_moment,
        specified_by_url="https://www.rfc-editor.org/rfc/rfc3339",
    ),
    date: scalar(
        name="Date",
        description="A day without a time, such as 2026-01-31. A billing day is one in the provider's zone.",
        serialize=date.isoformat,
        parse_value=read_date,
        specified_by_url="https://www.iso.org/iso-8601-date-and-time-format.html",
    ),
    Decimal: scalar(
        name="Decimal",
        description="An exact decimal number as a string, such as 12.50: never a float.",
        serialize=written_decimal,
        parse_value=read_decimal,
    ),
    Json: scalar(
        name="JSON",
        description="Any value of JSON.",
        serialize=_as_it_is,
        parse_value=_as_it_is,
        specified_by_url="https://www.rfc-editor.org/rfc/rfc8259",
    ),
    Duration: _text(
        "Duration",
        _DURATION,
        "P1M",
        "A length of time in ISO 8601, such as P1M or P24M.",
        "https://www.iso.org/iso-8601-date-and-time-format.html",
    ),
    CurrencyCode: _text(
        "CurrencyCode",
        _CURRENCY,
        "EUR",
        "A currency's three letters in ISO 4217.",
        "https://www.iso.org/iso-4217-currency-codes.html",
    ),
    CountryCode: _text(
        "CountryCode",
        _COUNTRY,
        "SE",
        "A country's two letters in ISO 3166-1.",
        "https://www.iso.org/iso-3166-country-codes.html",
    ),
}
