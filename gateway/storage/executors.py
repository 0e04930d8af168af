"""Executors on SQLite: one process holds the file, so it is the only one, for as long as it runs."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from gateway.ports import Clock
from gateway.ports.executors import ExecutorRecord, Recover


class SoleLease:
    """The hold of the only process: it is never lost."""

    def __init__(self, executor_id: str) -> None:
        self.executor_id = executor_id
        self.epoch = 1
        self.lost = asyncio.Event()

    async def confirm(self) -> None:
        """Nobody else could have it."""

    async def take_over(self, recover: Recover) -> Sequence[str]:
        """There is nobody to take over from."""
        return ()


class SoleExecutors:
    """The only process. What a dead one left is its own: it has the same id."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._held: ExecutorRecord | None = None

    @asynccontextmanager
    async def hold(self, executor_id: str) -> AsyncIterator[SoleLease]:
        now = self._clock.now()
        self._held = ExecutorRecord(executor_id, 1, now, now, is_alive=True)
        try:
            yield SoleLease(executor_id)
        finally:
            self._held = None

    async def all(self) -> Sequence[ExecutorRecord]:
        """Itself, while it holds its id."""
        if self._held is None:
            return ()
        held = self._held
        return (ExecutorRecord(held.name, held.epoch, held.started_at, self._clock.now(), is_alive=True),)
