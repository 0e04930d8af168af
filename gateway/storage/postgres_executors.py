"""Executors on PostgreSQL: an advisory lock of a session tells who lives, a heartbeat row who still moves.

A process that ends, however it ends, loses its session and the lock with it. One that is stopped, or cut off, keeps it:
but its row grows old. Whoever finds a row that has not changed for long enough, by a steady clock of its own, takes the
lock, after ending the session that still holds it, and recovers the work.

A holder is sure of its hold for `SURE_S` after each beat, and others wait longer than that before they take it: so
nobody sends anything to a provider under a hold that another has taken. No clock of day is asked, so none can jump.
"""

import asyncio
import hashlib
import logging
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager, nullcontext, suppress
from typing import Any

from psycopg.rows import TupleRow

from gateway.ports.executors import ExecutorIdInUse, ExecutorRecord, LeaseLost, Recover
from gateway.storage.clock import steady_s
from gateway.storage.failures import unavailable
from gateway.storage.postgres_sessions import FAILURES, Connection, open_session

log = logging.getLogger(__name__)

BEAT_S = 0.5
SURE_S = 2.0
# How long a row must stay as it is: with the lock free (its session is gone), and with the lock held (it is stopped).
FREE_S, SILENT_S = 2.5, 5.0
# Longer than a holder that died just now keeps its lock or its place.
WAIT_S = 10.0
_ANSWER_S = 2.0
_SESSION = "gateway-executor"


def lock_key(executor_id: str) -> int:
    """The advisory lock's number."""
    return int.from_bytes(hashlib.sha256(f"executor:{executor_id}".encode()).digest()[:8], "big", signed=True)


@contextmanager
def _told_as_unavailable() -> Iterator[None]:
    try:
        yield
    except FAILURES as error:
        raise unavailable(error) from error


async def _ask(connection: Connection, statement: str, *values: Any) -> TupleRow | None:
    """The first row of the answer, if it has any. Raises: psycopg.Error, OSError."""
    cursor = await connection.execute(statement.encode(), values)
    return await cursor.fetchone() if cursor.description else None


class PostgresLease:
    """A hold that beats from entry of `PostgresExecutors.hold` to its exit."""

    def __init__(self, connection: Connection, executor_id: str, epoch: int) -> None:
        self.executor_id = executor_id
        self.epoch = epoch
        self.lost = asyncio.Event()
        self._connection = connection
        self._beaten_at = steady_s()
        # What was read of each other one: its row's state, and when that was seen first.
        self._seen: dict[str, tuple[tuple[int, int], float]] = {}
        # Its session answers one question at a time.
        self._talking = asyncio.Lock()

    async def confirm(self) -> None:
        if self.lost.is_set():
            raise LeaseLost(self.executor_id)
        if steady_s() - self._beaten_at >= SURE_S:
            await self.beat()

    async def beat(self) -> None:
        """Says that it lives. Raises: LeaseLost."""
        begun_at = steady_s()
        statement = "UPDATE executor SET beat = beat + 1, heartbeat_at = now() WHERE id = %s AND epoch = %s RETURNING 1"
        found = await self._ask(statement, self.executor_id, self.epoch)
        if found is None:
            raise self._gone()
        self._beaten_at = begun_at

    async def take_over(self, recover: Recover) -> Sequence[str]:
        return [each for each in await self._silent() if await self._took_over(each, recover)]

    async def release(self) -> None:
        """Lets others take its work at once."""
        with suppress(LeaseLost):
            statement = "UPDATE executor SET is_released = true WHERE id = %s AND epoch = %s"
            await self._ask(statement, self.executor_id, self.epoch)

    async def _silent(self) -> Sequence[str]:
        """Those whose row has not changed for long enough that their hold can't be sure any more."""
        found: list[str] = []
        for executor_id, epoch, beat, is_released in await self._others():
            state, now_s = (epoch, beat), steady_s()
            before, since_s = self._seen.get(executor_id, (None, now_s))
            if before != state:
                since_s = now_s
            self._seen[executor_id] = (state, since_s)
            if is_released or now_s - since_s >= FREE_S:
                found.append(executor_id)
        return found

    async def _others(self) -> Sequence[TupleRow]:
        statement = b"SELECT id, epoch, beat, is_released FROM executor WHERE id <> %s ORDER BY id"
        async with self._talking:
            try:
                rows = await (await self._connection.execute(statement, (self.executor_id,))).fetchall()
            except FAILURES as error:
                raise self._gone() from error
        self._seen = {row[0]: self._seen[row[0]] for row in rows if row[0] in self._seen}
        return rows

    async def _took_over(self, executor_id: str, recover: Recover) -> bool:
        key = lock_key(executor_id)
        if not await self._locked(key):
            since_s = self._seen[executor_id][1]
            if steady_s() - since_s < SILENT_S or not await self._ended_holder(executor_id, key):
                return False
        try:
            log.warning("taking over the orders of executor %s", executor_id)
            await recover(executor_id)
            await self._ask("DELETE FROM executor WHERE id = %s", executor_id)
            self._seen.pop(executor_id, None)
        finally:
            with suppress(LeaseLost):
                await self._ask("SELECT pg_advisory_unlock(%s)", key)
        return True

    async def _locked(self, key: int) -> bool:
        found = await self._ask("SELECT pg_try_advisory_lock(%s)", key)
        return bool(found and found[0])

    async def _ended_holder(self, executor_id: str, key: int) -> bool:
        """Ends the session that holds the lock of one who does not move, and takes the lock."""
        log.warning("executor %s does not move: its session is ended", executor_id)
        parts = (key >> 32 & 0xFFFFFFFF, key & 0xFFFFFFFF)
        await self._ask(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_locks WHERE locktype = 'advisory' AND granted "
            "AND classid = %s AND objid = %s AND objsubid = 1 "
            "AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
            *parts,
        )
        for _ in range(20):
            if await self._locked(key):
                return True
            await asyncio.sleep(0.05)
        return False

    async def _ask(self, statement: str, *values: Any) -> TupleRow | None:
        """Raises: LeaseLost where the session is gone."""
        async with self._talking:
            try:
                return await _ask(self._connection, statement, *values)
            except FAILURES as error:
                raise self._gone() from error

    def _gone(self) -> LeaseLost:
        self.lost.set()
        return LeaseLost(self.executor_id)


class PostgresExecutors:
    """All processes on one PostgreSQL database."""

    def __init__(self, url: str) -> None:
        self._url = url

    def claimed(self) -> AbstractAsyncContextManager[None]:
        """Any number of processes may: each holds its own id."""
        return nullcontext()

    @asynccontextmanager
    async def hold(self, executor_id: str) -> AsyncIterator[PostgresLease]:
        """Raises: ExecutorIdInUse, StorageUnavailable."""
        with _told_as_unavailable():
            connection = await open_session(self._url, _SESSION, _ANSWER_S)
        try:
            with _told_as_unavailable():
                await self._lock(connection, executor_id)
                lease = PostgresLease(connection, executor_id, await self._entered(connection, executor_id))
            beating = asyncio.create_task(_beat(lease))
            try:
                yield lease
            finally:
                beating.cancel()
                await asyncio.gather(beating, return_exceptions=True)
                await lease.release()
        finally:
            await connection.close()

    async def all(self) -> Sequence[ExecutorRecord]:
        """Raises: StorageUnavailable."""
        with _told_as_unavailable():
            return [ExecutorRecord(*row) for row in await self._rows()]

    async def _rows(self) -> Sequence[TupleRow]:
        connection = await open_session(self._url, _SESSION, _ANSWER_S)
        try:
            return await (
                await connection.execute(
                    b"SELECT id, epoch, started_at, heartbeat_at, "
                    b"NOT is_released AND heartbeat_at > now() - interval '5 seconds' FROM executor ORDER BY id"
                )
            ).fetchall()
        finally:
            await connection.close()

    async def _lock(self, connection: Connection, executor_id: str) -> None:
        first: int | None = None
        until_s = steady_s() + WAIT_S
        while True:
            found = await _ask(connection, "SELECT pg_try_advisory_lock(%s)", lock_key(executor_id))
            if found and found[0]:
                return
            row = await _ask(connection, "SELECT beat FROM executor WHERE id = %s", executor_id)
            beat = row[0] if row else 0
            first = beat if first is None else first
            # It beats: it lives. One that does not is waited for until its session is ended.
            if steady_s() > until_s or beat > first + 4:
                raise ExecutorIdInUse(executor_id)
            await asyncio.sleep(0.2)

    async def _entered(self, connection: Connection, executor_id: str) -> int:
        found = await _ask(
            connection,
            "INSERT INTO executor (id, epoch, beat, started_at, heartbeat_at, is_released) "
            "VALUES (%s, 1, 0, now(), now(), false) ON CONFLICT (id) DO UPDATE SET epoch = executor.epoch + 1, "
            "beat = 0, started_at = now(), heartbeat_at = now(), is_released = false RETURNING epoch",
            executor_id,
        )
        assert found is not None  # noqa: S101 an INSERT that returns
        return int(found[0])


async def _beat(lease: PostgresLease) -> None:
    """Until the hold is lost."""
    with suppress(LeaseLost):
        while not lease.lost.is_set():
            await lease.beat()
            await asyncio.sleep(BEAT_S)
