"""Executors on SQLite: one process holds the file, so it is the only one, for as long as it runs."""

import asyncio
import fcntl
import os
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from gateway.ports import Clock
from gateway.ports.executors import ExecutorRecord, Recover
from gateway.storage.failures import StorageUnavailable


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
    """The only process on the file. What a dead one left is its own: it has the same id."""

    def __init__(self, clock: Clock, file: Path) -> None:
        self._clock = clock
        self._file = file
        self._held: ExecutorRecord | None = None

    @asynccontextmanager
    async def claimed(self) -> AsyncIterator[None]:
        """Raises: StorageUnavailable where another process holds the file, be it stopped."""
        with _locked(self._file):
            yield

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


@contextmanager
def _locked(file: Path) -> Iterator[None]:
    """A lock beside the file, by whatever name it is opened; the kernel lets go of it when the process ends.

    Not the file itself: whoever closes that once more lets go of all that SQLite has locked in it.
    """
    beside = file.resolve().with_name(f"{file.resolve().name}-executor")
    try:
        beside.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(beside, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise StorageUnavailable(f"the database {file} can't be held: {error.strerror}") from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise StorageUnavailable(
            f"the database {file} is in use by another gateway; several need PostgreSQL (GATEWAY_DATABASE_URL)"
        ) from None
    try:
        yield
    finally:
        os.close(descriptor)
