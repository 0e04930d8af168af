"""TM Forum's words for durations, as ISO 8601."""

import re
from decimal import Decimal

from gateway.kit import Misshapen
from providers.tmforum.reading import Row, text, whole

_UNITS = {
    "day": (1, "D"), "daily": (1, "D"), "week": (1, "W"), "weekly": (1, "W"), "month": (1, "M"), "monthly": (1, "M"),
    "quarter": (3, "M"), "quarterly": (3, "M"), "year": (1, "Y"), "yearly": (1, "Y"), "annual": (1, "Y"),
    "annually": (1, "Y"),
}  # fmt: skip
_TIMES = {"hour": "H", "hourly": "H", "minute": "M", "second": "S"}


def iso_duration(units: str, amount: Decimal | int = 1) -> str:
    """`month`, 24 → `P24M`; an ISO duration as it is. Raises: Misshapen for an unknown unit, or less than one."""
    word = units.strip().lower()
    if re.fullmatch(r"P(\d+[DWMY])+", units.strip().upper()):
        return units.strip().upper()
    if amount < 1:
        raise Misshapen(f"a duration of {amount} {units}")
    word = word if word in _UNITS or word in _TIMES else word.removesuffix("s")
    if word in _TIMES:
        return f"PT{amount}{_TIMES[word]}"
    if word not in _UNITS:
        raise Misshapen(f"a duration in {units!r}")
    factor, letter = _UNITS[word]
    return f"P{amount * factor}{letter}"


def duration(row: Row) -> str | None:
    """TMF's Duration `{amount, units}`; None where there is none. Raises: Misshapen."""
    units, amount = text(row, "units"), whole(row, "amount")
    return iso_duration(units, amount) if units and amount else None


def charge_period(price: Row) -> str | None:
    """The period of a recurring price; None where it names none. Raises: Misshapen.

    Source: TMF620 v4.1.0, ProductOfferingPrice; `recurringChargePeriod` where the price is embedded.
    """
    units = text(price, "recurringChargePeriodType") or text(price, "recurringChargePeriod")
    length = whole(price, "recurringChargePeriodLength")
    return None if units is None else iso_duration(units, 1 if length is None else length)
