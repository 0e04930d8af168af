"""How long an item has been waited for, by the steady clock of this process.

An item's own moments were written by some process's clock of day, which may jump, and may differ from ours. So they
count once, when the item is first seen in its phase; from then on time is what the steady clock says. A jump holds
nothing that was not waited for, and makes nobody wait for longer.
"""

from dataclasses import dataclass
from datetime import datetime

from gateway.domain.ordering.orders import OrderItem
from gateway.domain.ordering.states import ItemPhase
from gateway.ports import Clock

# What an item has at least after it was first seen, where that is less than a tenth of its limit: after a stop, or
# with the clock of another machine before, a provider gets some tries before a person is called.
LAST_CHANCE_S = 60.0
_AWAITED = frozenset({ItemPhase.TRACKING, ItemPhase.ACTIVATING, ItemPhase.CANCELLING, ItemPhase.REMOVAL_TRACKING})


@dataclass(frozen=True, slots=True)
class _Seen:
    """Since when something of an item has been seen, and how old it was then."""

    what: tuple[ItemPhase, datetime] | datetime | None
    at_s: float
    age_s: float = 0.0


class Patience:
    """What this process has seen of the items that it drives."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._phases: dict[str, _Seen] = {}
        self._sends: dict[str, _Seen] = {}
        self._heard: set[str] = set()

    def age_s(self, item: OrderItem, limit_s: float) -> float:
        """How long the item has been in its phase; sees it, where it was not seen in it yet."""
        now_s, what = self._clock.steady_s(), (item.phase, item.phase_since)
        seen = self._phases.get(item.id)
        if seen is None or seen.what != what:
            told_s = (self._clock.now() - item.phase_since).total_seconds()
            seen = _Seen(what, now_s, min(max(told_s, 0.0), limit_s - min(LAST_CHANCE_S, limit_s / 10)))
            self._phases[item.id] = seen
        return seen.age_s + now_s - seen.at_s

    def unanswered_s(self, item: OrderItem) -> float:
        """How long its last send has been known here: never more than it is old."""
        now_s, seen = self._clock.steady_s(), self._sends.get(item.id)
        if seen is None or seen.what != item.sent_at:
            self._sends[item.id] = seen = _Seen(item.sent_at, now_s)
        return now_s - seen.at_s

    def not_sent(self, former: OrderItem, item: OrderItem) -> None:
        """The last send of `item`, which was `former` before, surely did not arrive: what counts is the one before it,
        where there was one in this phase.
        """
        seen = self._sends.get(item.id)
        is_again = former.phase is item.phase and seen is not None and seen.what == former.sent_at
        at_s = seen.at_s if seen is not None and is_again else float("-inf")
        self._sends[item.id] = _Seen(item.sent_at, at_s)

    def hear(self, item: OrderItem) -> None:
        """The item's provider has posted something about it, so it will, where it is waited for."""
        if item.phase in _AWAITED:
            self._heard.add(item.id)

    def doubt(self, item: OrderItem) -> None:
        """A look at what was posted failed: it is asked after as if nothing had been posted, until something is."""
        self._heard.discard(item.id)

    def is_heard(self, item: OrderItem) -> bool:
        """Whether the item's provider has posted something about it."""
        return item.id in self._heard

    def forget(self, item: OrderItem) -> None:
        """It is not driven here any more."""
        self._phases.pop(item.id, None)
        self._sends.pop(item.id, None)
        self._heard.discard(item.id)
