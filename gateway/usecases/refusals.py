"""Refusals as security events: kept off the request's path, and so that nobody can fill the disk with them.

What is noted waits in memory for the one writer, a moment as a rule; kill -9 loses what waits there. Equal refusals
are those of one kind, actor, customer, subject, code and address. In a window of a minute the first few of them have a
row each, the rest of the minute is one row with their number. Rows for single ones come out of an allowance that all
share; once it is used up, the rest of the minute is one row for each kind: REFUSALS_COUNTED.
"""

import asyncio
import dataclasses
import logging
from collections import Counter
from collections.abc import AsyncIterator, Hashable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime

from gateway.domain.parties import Caller
from gateway.domain.security import NewSecurityEvent, SecurityEventKind
from gateway.ports import Clock, Storage
from gateway.usecases.security_telling import only_customer_of

WINDOW_S = 60.0
SINGLE = 5
"""How many equal refusals of a window have a row each."""
ALLOWANCE = 100
REFILL = 20
"""How many rows for single refusals there are at most, and how many more with each window."""
WAITING = 3 * ALLOWANCE
"""How many rows may wait while the database is away, before those that are not single wait with their number alone."""
RETRY_S = 1.0
_log = logging.getLogger("gateway.audit")


class Refusals:
    """What was refused, until it is kept."""

    def __init__(self) -> None:
        self._waiting: list[NewSecurityEvent] = []
        self._seen: dict[Hashable, int] = {}
        self._repeated: dict[Hashable, NewSecurityEvent] = {}
        self._uncounted: Counter[SecurityEventKind] = Counter()
        self._allowance = ALLOWANCE
        self._fresh = asyncio.Event()
        self.is_over = False

    def note(self, refusal: NewSecurityEvent) -> None:
        """Has it kept soon. Never waits, never fails; what it holds is bounded by the allowance."""
        key = _key(refusal)
        seen = self._seen.get(key, 0)
        if seen == 0 and self._allowance == 0:
            self._uncounted[refusal.kind] += 1
        elif seen < SINGLE and self._allowance > 0:
            self._seen[key] = seen + 1
            self._allowance -= 1
            self._waiting.append(refusal)
        else:
            before = self._repeated.get(key)
            self._repeated[key] = dataclasses.replace(refusal, times=before.times + 1 if before else 1)
        self._fresh.set()

    def take(self) -> Sequence[NewSecurityEvent]:
        """What is to be kept now."""
        taken, self._waiting = self._waiting, []
        self._fresh.clear()
        return taken

    def put_back(self, events: Sequence[NewSecurityEvent]) -> None:
        """What could not be kept."""
        self._waiting = [*events, *self._waiting]
        self._fresh.set()

    def end_window(self, at: datetime) -> None:
        """Has what was only counted kept, and begins to count anew."""
        self._waiting += self._repeated.values()
        self._seen, self._repeated = {}, {}
        room = WAITING - len(self._waiting)
        self._allowance = max(0, min(self._allowance + REFILL, ALLOWANCE, room))
        if room > 0:
            counted, self._uncounted = self._uncounted, Counter()
            self._waiting += [_counted(kind, times, at) for kind, times in counted.items()]

    def finish(self) -> None:
        """Has the writer end after what it is at."""
        self.is_over = True
        self._fresh.set()

    async def wait(self, timeout_s: float) -> None:
        """Returns when something was noted, or at the time limit."""
        try:
            async with asyncio.timeout(timeout_s):
                await self._fresh.wait()
        except TimeoutError:
            return


def _counted(kind: SecurityEventKind, times: int, at: datetime) -> NewSecurityEvent:
    return NewSecurityEvent(SecurityEventKind.REFUSALS_COUNTED, at, params={"kind": kind}, times=times)


def _key(refusal: NewSecurityEvent) -> Hashable:
    params = tuple(sorted(refusal.params.items()))
    return refusal.kind, refusal.actor_id, refusal.customer_id, refusal.subject, refusal.address, params


def access_refused(caller: Caller, field: str, at: datetime, address: str) -> NewSecurityEvent:
    """The caller was refused what that root field does."""
    params = {"reason": "FORBIDDEN", "field": field}
    return NewSecurityEvent(
        SecurityEventKind.ACCESS_REFUSED, at, caller.subject, params=params, address=address or None
    )


@asynccontextmanager
async def keeping(refusals: Refusals, storage: Storage, clock: Clock) -> AsyncIterator[None]:
    """Keeps what is noted from entry to exit, and at the exit what is left."""
    task = asyncio.create_task(_keep(refusals, storage, clock))
    try:
        yield
    finally:
        refusals.finish()
        # Not cancelled: a commit that is cut off may have been one.
        await asyncio.gather(task, return_exceptions=True)
        refusals.end_window(clock.now())
        if not await _keep_taken(refusals, storage):
            _log.error("refusals are lost: the database is away")


async def _keep(refusals: Refusals, storage: Storage, clock: Clock) -> None:
    loop = asyncio.get_running_loop()
    ends_at = loop.time() + WINDOW_S
    while not refusals.is_over:
        await refusals.wait(max(0.0, ends_at - loop.time()))
        if loop.time() >= ends_at:
            refusals.end_window(clock.now())
            ends_at = loop.time() + WINDOW_S
        if not await _keep_taken(refusals, storage):
            await asyncio.sleep(RETRY_S)


async def _keep_taken(refusals: Refusals, storage: Storage) -> bool:
    """In one transaction; False where it failed and is to be tried again."""
    taken = refusals.take()
    if not taken:
        return True
    (failure,) = await asyncio.gather(_written(storage, taken), return_exceptions=True)
    if failure is not None:
        refusals.put_back(taken)
    return failure is None


async def _written(storage: Storage, events: Sequence[NewSecurityEvent]) -> None:
    async with storage.writing() as unit:
        for each in events:
            customer_id = each.customer_id
            if customer_id is None and each.actor_id is not None:
                customer_id = await only_customer_of(unit, each.actor_id)
            await unit.security_events.record(dataclasses.replace(each, customer_id=customer_id))
