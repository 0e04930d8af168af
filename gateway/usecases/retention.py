"""Drops what has been kept for as long as the operator said, a little at a time."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from gateway.ports import UnitOfWork
from gateway.usecases.core import Core

# Few at a time: nobody waits long for the one writer.
BATCH = 100
PAUSE_S = 0.05
EVERY_S = 3600.0

_Drop = Callable[[UnitOfWork, datetime, int], Awaitable[int]]


@dataclass(frozen=True, slots=True)
class RetentionRules:
    """How long things are kept after their time; None for ever."""

    orders: timedelta | None = None
    notifications: timedelta | None = None
    sessions: timedelta | None = timedelta(days=30)
    security_events: timedelta | None = None


async def keep_within(core: Core, rules: RetentionRules) -> None:
    """Drops what is too old, now and every hour."""
    while True:
        await drop_old(core, rules)
        await asyncio.sleep(EVERY_S)


async def drop_old(core: Core, rules: RetentionRules) -> dict[str, int]:
    """Drops all that is too old now; returns how many of each kind."""
    kinds: dict[str, tuple[timedelta | None, _Drop]] = {
        "orders": (rules.orders, lambda unit, before, limit: unit.retention.drop_orders(before, limit)),
        "notifications": (
            rules.notifications,
            lambda unit, before, limit: unit.retention.drop_notifications(before, limit),
        ),
        "sessions": (rules.sessions, lambda unit, before, limit: unit.retention.drop_sessions(before, limit)),
    }
    return {name: await _dropped(core, age, drop) for name, (age, drop) in kinds.items() if age is not None}


async def _dropped(core: Core, age: timedelta, drop: _Drop) -> int:
    before, number = core.clock.now() - age, 0
    while True:
        async with core.storage.writing() as unit:
            found = await drop(unit, before, BATCH)
        number += found
        if found < BATCH:
            return number
        await asyncio.sleep(PAUSE_S)
