"""SQLite: one file in WAL mode, one writer, a pool of readers; each commit is on the disk when it returns."""

import asyncio
import contextlib
import os
import sqlite3
from functools import partial
from pathlib import Path
from typing import Any

import aiosqlite
from sqlalchemy import URL, Connection, Engine, event
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from gateway.ports import Clock
from gateway.storage.executors import SoleExecutors
from gateway.storage.failures import StorageUnavailable

BUSY_TIMEOUT_MS = 10_000  # the engine of the saga writes to the same file
READERS = 4


def prepare(url: URL) -> None:
    """Makes the file, for its owner alone, and switches it to WAL, which it keeps.

    Raises: StorageUnavailable when it can't be written, or is no database.
    """
    path = _file(url)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        connection = sqlite3.connect(path, timeout=BUSY_TIMEOUT_MS / 1000)
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA user_version")
        finally:
            connection.close()
    except (OSError, sqlite3.Error) as error:
        raise StorageUnavailable(f"the database {path} can't be opened: {error}") from error


def _file(url: URL) -> Path:
    if not url.database or url.database == ":memory:":
        raise StorageUnavailable(
            "SQLite needs a file (sqlite:///data/gateway.db): one in memory has one connection only"
        )
    return Path(url.database)


def scrub(url: URL) -> bool:
    """Takes what was overwritten out of the log beside the file; False where a reader stands in the way just now."""
    with contextlib.closing(sqlite3.connect(url.database or "", timeout=1)) as connection:
        is_busy, *_ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    return not is_busy


def open_engines(url: URL) -> tuple[AsyncEngine, AsyncEngine]:
    """The writer, with its one connection, and the readers."""
    return _engine(url, 1, begin="BEGIN IMMEDIATE"), _engine(url, READERS, begin="BEGIN", extra="PRAGMA query_only=ON")


class _File(sqlite3.Connection):
    def close(self) -> None:
        """Ends the transaction too.

        Whoever is cancelled between a statement and its rows leaves the statement open. SQLite then closes the
        connection only when the statement is forgotten, and holds the lock until then. Source: sqlite3_close_v2().
        """
        try:
            if self.in_transaction:
                self.rollback()
        finally:
            super().close()


class _Connection(aiosqlite.Connection):
    """A connection that may be stopped twice, as by a task that is cancelled again while it gives its connection back.

    The driver's own close would wait for ever: the thread that answers a stop has ended after the first.
    """

    _is_stopped = False
    _stopping: "asyncio.Future[None] | None" = None

    def stop(self) -> "asyncio.Future[None] | None":
        if not self._is_stopped:
            self._is_stopped = True
            self._stopping = super().stop()
        return self._stopping


def _engine(url: URL, size: int, begin: str, extra: str | None = None) -> AsyncEngine:
    def connection() -> _Connection:
        connect = partial(sqlite3.connect, url.database, check_same_thread=False, factory=_File)
        made = _Connection(connect, iter_chunk_size=64)
        # No process stays for a connection that was never closed.
        made._thread.daemon = True
        return made

    engine = create_async_engine(
        url.set(drivername="sqlite+aiosqlite"),
        async_creator=connection,
        pool_size=size,
        max_overflow=0,
        pool_timeout=30,
        hide_parameters=True,
    )
    _on_connect(engine.sync_engine, extra)

    @event.listens_for(engine.sync_engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine


def _on_connect(engine: Engine, extra: str | None) -> None:
    pragmas = [f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}", "PRAGMA foreign_keys=ON", "PRAGMA synchronous=FULL"]
    pragmas.append("PRAGMA secure_delete=ON")  # what is erased is gone from the file too, not only from the answers

    @event.listens_for(engine, "connect")
    def _connect(connection: Any, _: Any) -> None:
        connection.isolation_level = None  # the driver begins nothing by itself: the "begin" hook does
        cursor = connection.cursor()
        for pragma in [*pragmas, extra] if extra else pragmas:
            cursor.execute(pragma)
        cursor.close()


def connector(_: URL) -> None:
    """Whatever opens the file will do."""


def lock_schema(_: Connection) -> None:
    """Nothing to do: BEGIN IMMEDIATE holds the database already."""


def executors(url: URL, clock: Clock) -> SoleExecutors:
    """The one process that holds the file."""
    return SoleExecutors(clock, _file(url))


def line(_: URL) -> None:
    """There is nobody else to wake."""
