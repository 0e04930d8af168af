"""Opens the storage: engines, schema, transactions."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, Protocol

from sqlalchemy import URL, Connection, make_url, text
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from gateway.domain.security import NewSecurityEvent, SecurityEventKind
from gateway.domain.security_chain import Head
from gateway.ports import Clock, WakeUps
from gateway.ports.executors import Executors
from gateway.storage import schema, sqlite
from gateway.storage.audit_trail import AuditTrail, passing_trail
from gateway.storage.erasures import ErasedList
from gateway.storage.failures import StorageUnavailable, told_as_unavailable
from gateway.storage.rows import Starter
from gateway.storage.shared_wakeups import Failures, Line, SharedWakeUps
from gateway.storage.unit import SqlUnitOfWork
from gateway.storage.wakeups import MemoryWakeUps

__all__ = ["SqlStorage", "Starter", "open_executors", "open_storage", "open_wakeups"]

_SCRUBS = 20
_log = logging.getLogger("gateway.storage")


class Dialect(Protocol):
    """What a module of a dialect has: all that differs between the databases, but for single statements."""

    def prepare(self, url: URL) -> None: ...
    def open_engines(self, url: URL) -> tuple[AsyncEngine, AsyncEngine]: ...
    def connector(self, url: URL) -> Callable[[], Any] | None: ...
    def scrub(self, url: URL) -> bool: ...
    def lock_schema(self, connection: Connection) -> None: ...
    def executors(self, url: URL, clock: Clock) -> Executors: ...
    def line(self, url: URL) -> tuple[Line, Failures] | None: ...


def _postgres() -> Dialect:
    """Only where it is wanted: its driver is an extra."""
    try:
        from gateway.storage import postgres
    except ImportError:
        raise StorageUnavailable("PostgreSQL needs its driver: install telecom-gateway[postgres]") from None
    return postgres


_DIALECTS: dict[str, Callable[[], Dialect]] = {"sqlite": lambda: sqlite, "postgresql": _postgres}


class SqlStorage:
    """The port `Storage` on SQL.

    `engine` is the engine that writes: a transaction of it. `sync_url` names the same
    database for an engine of another kind (`sqlite:///…` or `postgresql+psycopg://…`, with the password), and
    `sync_connect` opens that one's connections, where it matters how.
    """

    def __init__(
        self,
        url: URL,
        dialect: Dialect,
        wakeups: WakeUps,
        clock: Clock,
        starter: Starter | None,
        audit: AuditTrail,
        erased: ErasedList,
    ) -> None:
        driver = "postgresql+psycopg" if url.get_backend_name() == "postgresql" else "sqlite"
        self.engine, self._reader = dialect.open_engines(url)
        # With the limits of the connections, so that the engine's own ones have them too.
        self.sync_url = self.engine.url.set(drivername=driver).render_as_string(hide_password=False)
        self.sync_connect = dialect.connector(url)
        self._dialect = dialect
        self._wakeups = wakeups
        self._clock = clock
        self._starter = starter
        self.audit = audit
        self._url = url
        self._erased = erased

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[SqlUnitOfWork]:
        """Commits on a clean exit, then wakes; rolls back on an error, a cancellation too."""
        with told_as_unavailable():
            async with self.engine.begin() as connection:
                unit = SqlUnitOfWork(connection, self._clock, self.audit.keys, self._starter)
                yield unit
                head = await unit.complete()
                # Before the commit: whom a crash leaves noted and not erased, the next start erases.
                for erased_id, at in unit.erased.items():
                    self._erased.note([erased_id], at)
        if head:
            self.audit.note(head)
        if unit.erased:
            await self._scrub()
        self._wakeups.notify(*unit.topics)

    async def _scrub(self) -> None:
        """Until no reader stands in the way; what is left then goes when the database is closed."""
        for _ in range(_SCRUBS):
            if await asyncio.to_thread(self._dialect.scrub, self._url):
                return
            await asyncio.sleep(0.2)
        _log.warning("erased data stay in the database's log until it is closed")

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[SqlUnitOfWork]:
        """One moment's view; a change in it fails."""
        with told_as_unavailable():
            async with self._reader.connect() as connection, connection.begin():
                yield SqlUnitOfWork(connection, self._clock, self.audit.keys)

    async def is_ready(self) -> bool:
        """Whether the database answers."""
        try:
            async with self._reader.connect() as connection:
                await connection.execute(text("SELECT 1"))
        except (SQLAlchemyError, OSError):
            return False
        return True

    async def upgrade(self, *, tells: bool) -> None:
        """Brings the schema up to date, and tells of it where there was an older one.

        Raises: UnknownRevision, ForeignDatabase, StorageUnavailable.
        """
        try:
            async with self.engine.begin() as connection:
                await connection.run_sync(self._dialect.lock_schema)
                before, after = await connection.run_sync(schema.upgrade)
                is_told = tells and before not in {None, after}
                head = await self._tell_upgrade(connection, before or "", after) if is_told else None
        except (SQLAlchemyError, OSError) as error:
            raise StorageUnavailable(f"the database can't be used: {str(error).splitlines()[0]}") from error
        if head:
            self.audit.note(head)

    async def _tell_upgrade(self, connection: AsyncConnection, before: str, after: str) -> Head | None:
        unit = SqlUnitOfWork(connection, self._clock, self.audit.keys)
        params = {"from": before, "to": after, "by": "COMMAND"}
        kind = SecurityEventKind.DATABASE_UPGRADED
        await unit.security_events.record(NewSecurityEvent(kind, self._clock.now(), params=params))
        return await unit.complete()

    async def close(self) -> None:
        """Gives the connections back."""
        await self.engine.dispose()
        await self._reader.dispose()


def _read_url(database_url: str) -> tuple[URL, Dialect]:
    try:
        url = make_url(database_url)
        dialect = _DIALECTS[url.get_backend_name()]
    except (ArgumentError, KeyError):
        raise StorageUnavailable("the database's address must begin with sqlite:/// or postgresql://") from None
    return url, dialect()


def open_executors(database_url: str, clock: Clock) -> Executors:
    """Who drives orders on that database. Raises: StorageUnavailable."""
    url, dialect = _read_url(database_url)
    return dialect.executors(url, clock)


@asynccontextmanager
async def open_wakeups(database_url: str, redis_url: str = "") -> AsyncIterator[MemoryWakeUps]:
    """The wake-up bus: over Redis where there is one, else over PostgreSQL; with SQLite within this process.

    Raises: StorageUnavailable.
    """
    url, dialect = _read_url(database_url)
    if redis_url:
        from gateway.storage import redis_line

        line: Line = redis_line.RedisLine(redis_url)
        failures: Failures = redis_line.FAILURES
    else:
        found = dialect.line(url)
        if found is None:
            yield MemoryWakeUps()
            return
        line, failures = found
    bus = SharedWakeUps(line, failures)
    try:
        async with bus.shared():
            yield bus
    finally:
        await line.close()


@asynccontextmanager
async def open_storage(
    database_url: str,
    wakeups: WakeUps,
    clock: Clock,
    starter: Starter | None,
    audit: AuditTrail | None = None,
    erased: ErasedList | None = None,
) -> AsyncIterator[SqlStorage]:
    """Opens `sqlite:///path` or `postgresql://…` and brings its schema up to date.

    `starter` is called inside the transaction by `orders.start`, with the synchronous connection and the order's id.
    `audit` holds the keys of the security events' chain; without it they are chained by a key that ends with this
    process, so that no later one can check them. `erased` is where is noted who was erased; without it nowhere.
    Raises: StorageUnavailable, UnknownRevision, ForeignDatabase.
    """
    url, dialect = _read_url(database_url)
    dialect.prepare(url)
    storage = SqlStorage(url, dialect, wakeups, clock, starter, audit or passing_trail(), erased or ErasedList())
    try:
        # Chained by a key that ends with this process, it could not be checked.
        await storage.upgrade(tells=audit is not None)
        yield storage
    finally:
        await storage.close()
