"""An event loop whose time stands still until it is moved: hours pass in no time, and threads run as ever."""

import asyncio
import heapq
from contextvars import Context
from datetime import UTC, datetime, timedelta
from typing import Any

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


class HandLoop(asyncio.SelectorEventLoop):
    """Its timers go off while `advance` moves its time over them."""

    def __init__(self) -> None:
        self.at_s = 0.0
        self._whens: list[float] = []
        super().__init__()

    def time(self) -> float:
        return self.at_s

    def call_at(  # type: ignore[override]
        self, when: float, callback: Any, *args: Any, context: Context | None = None
    ) -> asyncio.TimerHandle:
        heapq.heappush(self._whens, when)
        return super().call_at(when, callback, *args, context=context)

    def next_stop_s(self, limit_s: float) -> float:
        """The moment of the next timer, at most that."""
        while self._whens and self._whens[0] <= self.at_s:
            heapq.heappop(self._whens)
        return min(self._whens[0], limit_s) if self._whens else limit_s


class LoopClock:
    """The clock of a process on such a loop; it can be set, which its steady time does not notice."""

    def __init__(self, loop: HandLoop, set_by_s: float = 0.0) -> None:
        self._loop = loop
        self.set_by_s = set_by_s

    def now(self) -> datetime:
        return NOON + timedelta(seconds=self._loop.time() + self.set_by_s)

    def steady_s(self) -> float:
        return self._loop.time()
