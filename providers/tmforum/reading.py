"""Pieces of a tolerant reader: what is unknown survives, what is missing is None, and only nonsense is Misshapen."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, tzinfo
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import quote

import orjson

from gateway.contract import Money
from gateway.kit import Misshapen

Row = Mapping[str, Any]
REFERENCE_LIMIT = 200
# Of what is shown to people.
TEXT_LIMIT = 10_000
# Of a number: before the point, and behind it.
DIGITS = 20
_DAY_LENGTH = len("2026-01-31")


def text(row: Row, name: str) -> str | None:
    """A text without blanks around it (TMF637 has `"aborted "`), cut where too long; a number as text; else None."""
    value = row.get(name)
    if isinstance(value, str):
        # No database keeps a NUL in a text.
        return value[:TEXT_LIMIT].replace("\0", "").strip() or None
    return as_text(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def reference(row: Row, name: str = "id") -> str:
    """An id as the provider writes it, blanks and all. Raises: Misshapen for none, or one that is too long."""
    value = row.get(name)
    found = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
    if not found or len(found) > REFERENCE_LIMIT or "\0" in found:
        raise Misshapen(f"no usable {name}")
    return found


def reference_in(row: Row, name: str) -> str | None:
    """The id in an embedded reference such as `productOffering`; None where there is none."""
    found = part(row, name)
    return reference(found) if found.get("id") not in (None, "") else None


def part(row: Row, name: str) -> Row:
    """An embedded object, empty where there is none."""
    value = row.get(name)
    return value if isinstance(value, dict) else {}


def parts(row: Row, name: str) -> Sequence[Row]:
    """The embedded objects of a list; a single object counts as a list of one."""
    value = row.get(name)
    if isinstance(value, dict):
        return (value,)
    return tuple(each for each in value if isinstance(each, dict)) if isinstance(value, list) else ()


def flag(row: Row, name: str) -> bool | None:
    """True or false, as a text too."""
    value = row.get(name)
    if isinstance(value, str):
        return {"true": True, "false": False}.get(value.strip().lower())
    return value if isinstance(value, bool) else None


def number(row: Row, name: str) -> Decimal | None:
    """An exact decimal, from a JSON number (by its shortest form) or a text. Raises: Misshapen for what is none."""
    value = row.get(name)
    if value is None or value == "":
        return None
    return _decimal(value, name)


def whole(row: Row, name: str) -> int | None:
    """A whole number. Raises: Misshapen for a fraction."""
    found = number(row, name)
    if found is not None and (found != found.to_integral_value() or abs(found) > 10**9):
        raise Misshapen(f"{name} is no whole number")
    return None if found is None else int(found)


def _decimal(value: object, name: str) -> Decimal:
    try:
        found = Decimal(str(value).strip()) if not isinstance(value, bool) else Decimal("NaN")
    except InvalidOperation:
        found = Decimal("NaN")
    # A short text may be a number of a million digits.
    if not found.is_finite() or not -DIGITS <= _exponent(found) <= found.adjusted() < DIGITS:
        raise Misshapen(f"{name} is no number")
    return found


def _exponent(found: Decimal) -> int:
    exponent = found.as_tuple().exponent
    return exponent if isinstance(exponent, int) else 0


def money(row: Row, name: str) -> Money | None:
    """TMF's Money `{unit, value}`; None where there is none. Raises: Misshapen for an amount without a currency."""
    found = part(row, name)
    amount = number(found, "value")
    if amount is None:
        return None
    currency = (text(found, "unit") or "").upper()
    if not re.fullmatch("[A-Z]{3}", currency):
        raise Misshapen(f"{name} has no currency")
    return Money(amount, currency).in_full()


def moment(row: Row, name: str, zone: tzinfo) -> datetime | None:
    """A moment in UTC; one without an offset is in the provider's zone. None for what is no date."""
    value = row.get(name)
    if not isinstance(value, str):
        return None
    try:
        found = datetime.fromisoformat(value.strip())
        return (found if found.tzinfo else found.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def day(row: Row, name: str, zone: tzinfo) -> date | None:
    """The day in the provider's zone."""
    value = row.get(name)
    if isinstance(value, str) and len(value.strip()) == _DAY_LENGTH:
        zone = UTC
        row = {name: f"{value.strip()}T00:00:00Z"}
    found = moment(row, name, zone)
    return None if found is None else found.astimezone(zone).date()


def as_text(value: object) -> str:
    """A characteristic's value as text: `true`, `25`, `2.5`; an object as JSON."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def as_texts(value: object) -> tuple[str, ...]:
    """One value or an array of them, as texts."""
    values = value if isinstance(value, list) else [value]
    return tuple(as_text(each) for each in values if each is not None)


def slug_of(name: str) -> str:
    """Lower case, with a hyphen for each run of what is neither letter nor digit."""
    return "-".join(re.findall(r"[^\W_]+", name.lower()))


def in_path(ref: str) -> str:
    """A reference as a segment of a path."""
    return quote(ref, safe="")


def is_valid_at(row: Row, now: datetime, zone: tzinfo) -> bool:
    """Whether `validFor` holds at that moment; without one always."""
    period = part(row, "validFor")
    start, end = moment(period, "startDateTime", zone), moment(period, "endDateTime", zone)
    return (start is None or start <= now) and (end is None or now < end)


def party_of(row: Row) -> str | None:
    """Whose row it is: `relatedParty` with the role Customer, else the first; without any the billing account.

    v5 has the party one level deeper, in `partyOrPartyRole`.
    """
    named = [(each, part(each, "partyOrPartyRole") or each) for each in parts(row, "relatedParty")]
    known = [(each, party) for each, party in named if party.get("id") not in (None, "")]
    customers = [pair for pair in known if (text(pair[0], "role") or "").lower() == "customer"]
    for _, party in (*customers, *known):
        return reference(party)
    return reference_in(row, "billingAccount")
