"""What is asked for with every request, remembered as long as nobody says that it has changed."""

from collections import OrderedDict
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Generic, Protocol, TypeVar

from gateway.ports import Clock, Storage, UnitOfWork, Waiter, WakeUps

T = TypeVar("T")

FRESH_FOR = timedelta(seconds=5)


class Kept(Protocol):
    """Where things are kept, and what tells that they have changed."""

    @property
    def storage(self) -> Storage: ...
    @property
    def wakeups(self) -> WakeUps: ...
    @property
    def clock(self) -> Clock: ...


@dataclass(frozen=True, slots=True)
class _Known(Generic[T]):
    """What is remembered under a key, until something wakes the waiter; None where there is nothing (any more)."""

    found: T | None
    read_s: float
    changes_at: datetime | None
    waiter: Waiter
    listening: ExitStack


class Remembered(Generic[T]):
    """Read once by its key, and again after a wake-up of the key's topic, or after `fresh_for`.

    `until` says when a thing changes by the clock alone: then it is read again, too.
    Bounded: what was asked for longest ago is forgotten first.
    """

    def __init__(
        self,
        core: Kept,
        topic_of: Callable[[str], str],
        read: Callable[[UnitOfWork, str, datetime], Awaitable[T | None]],
        fresh_for: timedelta = FRESH_FOR,
        limit: int = 10_000,
        until: Callable[[T], datetime | None] = lambda _: None,
    ) -> None:
        self._core = core
        self._topic_of = topic_of
        self._read_one = read
        self._fresh_for_s = fresh_for.total_seconds()
        self._limit = limit
        self._until = until
        self._known: OrderedDict[str, _Known[T]] = OrderedDict()

    async def find(self, key: str, *, anew: bool = False) -> T | None:
        """What that key stands for; None for nothing. `anew` reads it whatever is remembered."""
        known = self._known.get(key)
        if known is not None and not anew and await self._is_fresh(known):
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
        clock = self._core.clock
        is_young = clock.steady_s() - known.read_s < self._fresh_for_s
        is_same = known.changes_at is None or clock.now() < known.changes_at
        return is_young and is_same and not await known.waiter.wait(0)

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
        return _Known(found, now_s, None if found is None else self._until(found), waiter, listening)

    def _forget(self, key: str) -> None:
        known = self._known.pop(key, None)
        if known is not None:
            known.listening.close()
