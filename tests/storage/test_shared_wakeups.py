"""The wake-up bus over PostgreSQL: what can't be told of one thing keeps nothing else from being told."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest

from gateway.ports import Waiter
from gateway.storage.postgres_line import PostgresLine
from gateway.storage.postgres_sessions import FAILURES
from gateway.storage.shared_wakeups import MOST, SharedWakeUps
from tests.storage.conftest import needs_postgres

pytestmark = needs_postgres
Bus = tuple[SharedWakeUps, SharedWakeUps]


@pytest.fixture
async def bus(new_postgres: str) -> AsyncIterator[Bus]:
    """Of two processes: the one that tells, and another."""
    async with AsyncExitStack() as stack:
        lines = [PostgresLine(new_postgres) for _ in range(2)]
        for line in lines:
            stack.push_async_callback(line.close)
        here, there = (SharedWakeUps(line, FAILURES) for line in lines)
        for each in (here, there):
            await stack.enter_async_context(each.shared())
        yield here, there


async def begun(*waiters: Waiter) -> None:
    """Who begins to receive is woken once, for all that was told before."""
    for each in waiters:
        assert await each.wait(5.0)


@pytest.mark.parametrize("topic", ["x" * 9_000, "å" * 4_000, "a\0b", "\ud800"])
async def test_a_topic_that_can_not_be_told_keeps_no_other_from_being_told(bus: Bus, topic: str) -> None:
    here, there = bus
    with there.listen("order:1") as waiter:
        await begun(waiter)

        here.notify(topic)
        await asyncio.sleep(0.2)
        here.notify("order:1")

        assert await waiter.wait(5.0)


async def test_a_topic_of_two_lines_wakes_nobody_else(bus: Bus) -> None:
    here, there = bus
    with there.listen("order:1") as waiter, there.listen("order:2") as other:
        await begun(waiter, other)

        here.notify("provider-order:x\norder:2")
        here.notify("order:1")

        assert await waiter.wait(5.0)
        assert not await other.wait(0.2)


async def test_more_topics_than_are_kept_are_told_as_everything(bus: Bus) -> None:
    here, there = bus
    with there.listen("order:last") as waiter:
        await begun(waiter)

        here.notify(*(f"order:{number}" for number in range(MOST)))
        here.notify("order:last")

        assert await waiter.wait(5.0)
