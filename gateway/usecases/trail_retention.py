"""Removes the oldest security events once they were kept for as long as the operator said; the chain stays whole."""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from gateway.domain.security import SecurityEventKind
from gateway.domain.security_chain import ChainKeys, Head
from gateway.ports import UnitOfWork
from gateway.ports.security import SecurityEventFilter
from gateway.usecases.core import Core
from gateway.usecases.retention import EVERY_S, PAUSE_S
from gateway.usecases.security_checking import verified

BATCH = 5000
# Each removal is an event itself: not one every hour.
REST = timedelta(hours=23)
_log = logging.getLogger("gateway.audit")


async def keep_trail_within(core: Core, keys: ChainKeys, noted: Callable[[], Head | None], age: timedelta) -> None:
    """Trims the trail now and about once a day, until it is cancelled."""
    while True:
        await trim_trail(core, keys, noted, age)
        await asyncio.sleep(EVERY_S)


async def trim_trail(core: Core, keys: ChainKeys, noted: Callable[[], Head | None], age: timedelta) -> int:
    """Removes the events that are older, where the last removal is most of a day ago; returns how many.

    Of a chain that is not whole nothing goes: whoever removes the oldest must not remove what is wrong with them. A
    crash leaves the rest for another day. Of several processes the first one does it.
    """
    now, head = core.clock.now(), noted()
    async with core.storage.reading() as unit:
        if not await _is_due(unit, now, age):
            return 0
        found = await verified(unit, keys, *([head] if head else []))
    if found.finding is not None:
        _log.error("the audit trail is broken, so nothing of it is removed: %s", found.finding.sentence)
        return 0
    number = 0
    while True:
        async with core.storage.writing() as unit:
            count = await unit.security_events.remove_before(now - age, now, BATCH)
        number += count
        if count < BATCH:
            return number
        await asyncio.sleep(PAUSE_S)


async def _is_due(unit: UnitOfWork, now: datetime, age: timedelta) -> bool:
    events = unit.security_events
    anchor = await events.anchor()
    oldest = await events.links(anchor.sequence if anchor else 0, 1)
    if not oldest or oldest[0].occurred_at >= now - age or oldest[0].sequence > await events.judged():
        return False
    removed = SecurityEventFilter(kinds=[SecurityEventKind.EVENTS_REMOVED])
    last = await events.before(removed, None, 1)
    return not last or last[0].occurred_at <= now - REST
