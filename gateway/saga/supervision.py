"""Keeps the engine running for as long as this process holds its executor id, and takes over from those that died."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from typing import Protocol

from gateway.federation.tending import tended
from gateway.ports.executors import Executors, Lease, LeaseLost

log = logging.getLogger(__name__)

TAKE_OVER_S = 0.5
AGAIN_S = 0.5


class Runs(Protocol):
    """What drives orders while it runs: the engine."""

    def running(self, lease: Lease) -> AbstractAsyncContextManager[object]: ...

    async def recover(self, executor_id: str) -> None: ...


class Supervisor:
    """Runs the engine under a hold; when the hold is lost the engine ends, and begins again under a new one.

    The HTTP side goes on all the while.
    """

    def __init__(self, executors: Executors, executor_id: str, engine: Runs) -> None:
        self.executor_id = executor_id
        self._executors = executors
        self._engine = engine

    @asynccontextmanager
    async def supervised(self) -> AsyncIterator[None]:
        """From entry, where the engine runs for the first time, to exit. Raises what keeps it from its first run."""
        is_begun = asyncio.Event()
        runs = [asyncio.create_task(self._run(is_begun))]
        begun = asyncio.create_task(is_begun.wait())
        try:
            await asyncio.wait({*runs, begun}, return_when=asyncio.FIRST_COMPLETED)
            if not is_begun.is_set():
                await runs[0]
            async with tended("the engine", lambda: runs.pop() if runs else self._run(is_begun), AGAIN_S):
                yield
        finally:
            begun.cancel()
            for each in runs:
                each.cancel()
            await asyncio.gather(begun, *runs, return_exceptions=True)

    async def _run(self, is_begun: asyncio.Event) -> None:
        """Runs the engine for as long as the hold lasts. Raises: LeaseLost, and what keeps it from running."""
        async with self._executors.hold(self.executor_id) as lease, self._engine.running(lease):
            is_begun.set()
            async with tended("taking over", partial(self._take_over, lease), TAKE_OVER_S):
                await lease.lost.wait()
            # At once: what the engine was at takes a while to end.
            log.warning("the hold of executor %s is lost: the engine stops", lease.executor_id)
            raise LeaseLost(lease.executor_id)

    async def _take_over(self, lease: Lease) -> None:
        while not lease.lost.is_set():
            await lease.take_over(self._engine.recover)
            await asyncio.sleep(TAKE_OVER_S)
        await asyncio.Event().wait()
