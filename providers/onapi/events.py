"""Asks what changed: the network's events by `If-Modified-Since`, or its order events by the last one.

Source: ON-API 2.6, events, orderevents and endpoints.
"""

from collections.abc import Iterable, Sequence

from gateway.contract import PolledSignals, Signal, SignalKind
from gateway.kit import Answer, Area, Misshapen
from providers.onapi.orders import order_id_of
from providers.onapi.reading import Row, is_id, text

EVENTS, ORDER_EVENTS = "events", "orderevents"
# A mark says which of the two lists it belongs to: the network may come to have the better one.
SEPARATOR = ":"
# Of one answer the newest: what is not told of is found when its turn to be asked comes.
MOST_SIGNALS = 10_000
KINDS = {"order": SignalKind.ORDER, "subscription": SignalKind.PRODUCT}


class OnApiPolledEvents:
    """See contract.PolledEvents."""

    def __init__(self, area: Area) -> None:
        self._area = area

    async def since(self, mark: str | None) -> PolledSignals:
        """Without a mark it asks which list the network has: `events` tell of subscriptions too, and of deletions."""
        name, _, moment = (mark or "").partition(SEPARATOR)
        if not name:
            name = await self._list_there_is()
            begin = await self._ask(name, None)
            return PolledSignals((), begin.mark or f"{name}{SEPARATOR}")
        return await self._ask(name, moment)

    async def _ask(self, name: str, moment: str | None) -> PolledSignals:
        if name == EVENTS:
            return await self._area.get(
                f"{EVENTS}/", lambda answer: _changes(answer, moment), modified_since=moment or None
            )
        params = {"since": moment} if moment else None
        return await self._area.get(f"{ORDER_EVENTS}/", lambda answer: _order_events(answer, moment), params)

    async def _list_there_is(self) -> str:
        names = await self._area.get("", _names)
        return ORDER_EVENTS if ORDER_EVENTS in names and EVENTS not in names else EVENTS


def _changes(answer: Answer, moment: str | None) -> PolledSignals:
    mark = answer.last_modified or moment
    if mark is None:
        raise Misshapen("a list of events without Last-Modified")
    rows = [] if answer.is_unchanged else answer.rows()
    return PolledSignals(_signals(_of_change(row) for row in rows[-MOST_SIGNALS:]), f"{EVENTS}{SEPARATOR}{mark}")


def _order_events(answer: Answer, moment: str | None) -> PolledSignals:
    rows = answer.rows()
    marks = [found for row in rows if (found := text(row, "event")) is not None]
    signals = _signals(_of_order(row) for row in rows[-MOST_SIGNALS:])
    return PolledSignals(signals, f"{ORDER_EVENTS}{SEPARATOR}{marks[-1] if marks else moment or ''}")


def _signals(found: Iterable[Signal | None]) -> tuple[Signal, ...]:
    return tuple(dict.fromkeys(each for each in found if each is not None))


def _of_change(row: Row) -> Signal | None:
    """The API writes the type of an object in the singular and in the plural. A product is known by its access, too."""
    kind = KINDS.get((text(row, "objectType") or "").lower().removesuffix("s"))
    ref = text(row, "objectId") or ""
    if kind is None or not is_id(ref):
        return None
    return Signal(kind, ref if kind is SignalKind.ORDER else _product_ref(row, ref))


def _product_ref(row: Row, subscription_id: str) -> str | None:
    """By the path, which ends with the access or the subscription; None where it does not say."""
    last = (text(row, "path") or "").rstrip("/").rpartition("/")[2]
    return f"{last}/{subscription_id}" if is_id(last) and last not in {"", subscription_id} else None


def _of_order(row: Row) -> Signal | None:
    order = row.get("order")
    ref = order_id_of(order) if isinstance(order, dict) else None
    return None if ref is None else Signal(SignalKind.ORDER, ref)


def _names(answer: Answer) -> Sequence[str]:
    return [text(row, "name") or "" for row in answer.rows()]
