"""PostgreSQL: one pool; rows are locked with FOR UPDATE, reads are one snapshot."""

import functools
import time
from typing import Any

from sqlalchemy import URL, Connection, Engine, event, text
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from gateway.ports import Clock
from gateway.storage.postgres_executors import PostgresExecutors
from gateway.storage.postgres_line import PostgresLine
from gateway.storage.postgres_sessions import BOUNDS, FAILURES
from gateway.storage.shared_wakeups import Failures, Line

POOL_SIZE = 10
# A process that is stopped in the middle of a transaction keeps its rows from whoever takes its orders over: no longer
# than this, as long as any does nothing between two statements.
IDLE_S = 5
SCHEMA_IDLE_S = 60
# A connection that lay unused for longer is asked whether it lives before it is taken: one that was used a moment ago
# does, and to ask each time would be a fifth of all that is sent.
TRUSTED_S = 1.0
_SCHEMA_LOCK = 7_316_442_091_255_403_521  # any number that nobody else uses


def prepare(url: URL) -> None:
    """Nothing to do: the database is made by who runs the server."""


def open_engines(url: URL) -> tuple[AsyncEngine, AsyncEngine]:
    """The writer, and the same pool with read-only transactions that see one moment."""
    writer = create_async_engine(
        url.set(drivername="postgresql+psycopg", query={**BOUNDS, **url.query}),
        pool_size=POOL_SIZE,
        max_overflow=0,
        pool_timeout=30,
        hide_parameters=True,
    )
    event.listen(writer.sync_engine, "connect", _bound)
    event.listen(writer.sync_engine, "checkin", _used)
    event.listen(writer.sync_engine, "checkout", functools.partial(_living, writer.sync_engine))
    return writer, writer.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)


def scrub(_: URL) -> bool:
    """Nothing to do here: VACUUM takes away what was overwritten, and the server's archive is the operator's."""
    return True


def _bound(connection: Any, _: Any) -> None:
    cursor = connection.cursor()
    cursor.execute(f"SET idle_in_transaction_session_timeout = '{IDLE_S}s'")
    cursor.close()
    connection.commit()


def _used(_: Any, entry: ConnectionPoolEntry) -> None:
    entry.info["used_s"] = time.monotonic()


def _living(engine: Engine, connection: Any, entry: ConnectionPoolEntry, _: Any) -> None:
    """Raises: InvalidatePoolError where its other end is gone; the pool opens other ones then."""
    used_s = entry.info.get("used_s")
    if used_s is None or time.monotonic() - used_s < TRUSTED_S:
        return
    try:
        engine.dialect.do_ping(connection)
    except engine.dialect.loaded_dbapi.Error as error:
        raise InvalidatePoolError from error


def lock_schema(connection: Connection) -> None:
    """Lets one process at a time change the schema; held until the transaction ends, which may stand still for longer
    than others.
    """
    connection.execute(text(f"SET LOCAL idle_in_transaction_session_timeout = '{SCHEMA_IDLE_S}s'"))
    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _SCHEMA_LOCK})


def executors(url: URL, _: Clock) -> PostgresExecutors:
    """Any number of processes."""
    return PostgresExecutors(_plain(url))


def line(url: URL) -> tuple[Line, Failures] | None:
    """NOTIFY."""
    return PostgresLine(_plain(url)), FAILURES


def _plain(url: URL) -> str:
    """The address as the driver itself reads it."""
    return url.set(drivername="postgresql").render_as_string(hide_password=False)
