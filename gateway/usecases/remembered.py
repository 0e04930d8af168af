"""What is asked for with every request, remembered as long as nobody says that it has changed."""

from collections import OrderedDict
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from gateway.ports import UnitOfWork, Waiter
from gateway.usecases.core import Core

T = TypeVar("T")

FRESH_FOR = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class _Known(Generic[T]):
    """What is remembered under a key, until something wakes the waiter; None where there is nothing (any more)."""

    found: T | None
    read_s: float
    waiter: Waiter
    listening: ExitStack


class Remembered(Generic[T]):
    """Read once by its key, and again after a wake-up of the key's topic, or after `fresh_for`.

    Bounded: what was asked for longest ago is forgotten first.
    """

    def __init__(
        self,
        core: Core,
        topic_of: Callable[[str], str],
        read: Callable[[UnitOfWork, str, datetime], Awaitable[T | None]],
        fresh_for: timedelta = FRESH_FOR,
        limit: int = 10_000,
    ) -> None:
        self._core = core
        self._topic_of = topic_of
        self._read_one = read
        self._fresh_for_s = fresh_for.total_seconds()
        self._limit = limit
        self._known: OrderedDict[str, _Known[T]] = OrderedDict()

    async def find(self, key: str) -> T | None:
        """What that key stands for; None for nothing."""
        known = self._known.get(key)
        if known is not None and await self._is_fresh(known):
            self._known.move_to_end(key)
            return known.found
        self._forget(key)
        known = await self._read(key)
        if known.found is None:  # keys that nobody has would push out those that somebody has
            known.listening.close()
            return None
        self._forget(key)  # another request may have read it meanwhile
        self._known[key] = known
        if len(self._known) > self._limit:
            self._forget(next(iter(self._known)))
        return known.found

    async def _is_fresh(self, known: _Known[T]) -> bool:
        return self._core.clock.steady_s() - known.read_s < self._fresh_for_s and not await known.waiter.wait(0)

    async def _read(self, key: str) -> _Known[T]:
        listening = ExitStack()
        # First listens, then reads: what changes in between is noticed at the next request.
        waiter = listening.enter_context(self._core.wakeups.listen(self._topic_of(key)))
        try:
            now, now_s = self._core.clock.now(), self._core.clock.steady_s()
            async with self._core.storage.reading() as unit:
                found = await self._read_one(unit, key, now)
        except BaseException:
            listening.close()
            raise
        return _Known(found, now_s, waiter, listening)

    def _forget(self, key: str) -> None:
        known = self._known.pop(key, None)
        if known is not None:
            known.listening.close()
