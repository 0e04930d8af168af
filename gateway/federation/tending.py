"""Keeps a piece of work going that must not end while the gateway runs."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

log = logging.getLogger(__name__)

PAUSE_S = 1.0


@asynccontextmanager
async def tended(name: str, work: Callable[[], Awaitable[None]], pause_s: float = PAUSE_S) -> AsyncIterator[None]:
    """Runs it from entry to exit, and begins it again after a pause where it fails (the database was away)."""
    task = asyncio.create_task(_tend(name, work, pause_s))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def failure_of(work: Awaitable[None]) -> Exception | None:
    """How it failed, None where it did not; an end that was asked for is no failure, and raised."""
    (failure,) = await asyncio.gather(work, return_exceptions=True)
    if isinstance(failure, BaseException) and not isinstance(failure, Exception):
        raise failure
    return failure


async def _tend(name: str, work: Callable[[], Awaitable[None]], pause_s: float) -> None:
    while True:
        failure = await failure_of(work())
        # The kind alone: its text may hold what belongs into no log.
        log.warning("%s begins again: %s", name, type(failure).__name__)
        await asyncio.sleep(pause_s)
