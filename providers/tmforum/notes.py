"""Finds out why an order or a cancellation came to nothing, why it waits, and when it may end.

Source: TMF622 v4.0, Note; v5.0, ProductOrderErrorMessage, ProductOrderJeopardyAlert and ProductOrderMilestone.
"""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, tzinfo

from gateway.contract import CancellationState, OrderItemState
from providers.tmforum.reading import Row, moment, parts, text

NAUGHT = frozenset(
    {OrderItemState.FAILED, OrderItemState.REJECTED, OrderItemState.CANCELLED, CancellationState.REFUSED}
)
WAITING = frozenset({OrderItemState.HELD, OrderItemState.PENDING})
REACHED = frozenset({"completed", "violated"})
_CODED = re.compile(r"([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+):\s+(.*)", re.DOTALL)


def reason_of(
    order: Row, item: Row, state: OrderItemState | CancellationState, zone: tzinfo = UTC
) -> tuple[str | None, str]:
    """Code and text of the newest word on it: an error message, else a note; of what waits, the newest alert.

    Nothing while it goes well.
    """
    if state in WAITING:
        return _alert(parts(order, "productOrderJeopardyAlert"), zone)
    if state not in NAUGHT:
        return None, ""
    errors = [each for row in (item, order) for each in parts(row, "productOrderErrorMessage")]
    if errors:
        newest = max(errors, key=lambda each: _moment(each, "timestamp", zone))
        return text(newest, "code"), text(newest, "reason") or text(newest, "message") or ""
    notes = [each for row in (item, order) for each in parts(row, "note")]
    if not notes:
        return None, ""
    return _split(text(max(notes, key=lambda each: _moment(each, "date", zone)), "text") or "")


def last_milestone(order: Row, zone: tzinfo) -> datetime | None:
    """When the last of the milestones that are still ahead is to be reached."""
    ahead = [
        each
        for each in parts(order, "productOrderMilestone")
        if (text(each, "status") or "").strip().lower() not in REACHED
    ]
    return max((found for each in ahead if (found := moment(each, "milestoneDate", zone))), default=None)


def _alert(alerts: Sequence[Row], zone: tzinfo) -> tuple[str | None, str]:
    if not alerts:
        return None, ""
    newest = max(alerts, key=lambda each: _moment(each, "alertDate", zone))
    words = (text(newest, name) for name in ("message", "exception", "name"))
    return text(newest, "jeopardyType"), next((each for each in words if each), "")


def _moment(row: Row, name: str, zone: tzinfo) -> datetime:
    return moment(row, name, zone) or datetime.min.replace(tzinfo=UTC)


def _split(words: str) -> tuple[str | None, str]:
    """`NO_FREE_PORT: none left` → the code and the rest; a note in words alone has no code."""
    coded = _CODED.fullmatch(words)
    return (coded[1], coded[2]) if coded else (None, words)
