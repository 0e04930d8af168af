"""PostgreSQL: one pool; rows are locked with FOR UPDATE, reads are one snapshot."""

from collections.abc import Callable
from functools import partial
from typing import Any

from sqlalchemy import URL, Connection, event, text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from gateway.ports import Clock
from gateway.storage.postgres_executors import PostgresExecutors
from gateway.storage.postgres_line import PostgresLine
from gateway.storage.postgres_sessions import ANSWER_S, BOUNDS, FAILURES, BoundedConnection, EngineConnection
from gateway.storage.shared_wakeups import Failures, Line

POOL_SIZE = 10
# How long a connection of the pool is waited for.
POOL_S = 10
# A process that is stopped in the middle of a transaction keeps its rows from whoever takes its orders over: no longer
# than this, as long as any does nothing between two statements.
IDLE_S = 5
SCHEMA_IDLE_S = 60
_SCHEMA_LOCK = 7_316_442_091_255_403_521  # any number that nobody else uses


def prepare(url: URL) -> None:
    """Nothing to do: the database is made by who runs the server."""


def open_engines(url: URL) -> tuple[AsyncEngine, AsyncEngine]:
    """The writer, and the same pool with read-only transactions that see one moment."""
    writer = create_async_engine(
        _bounded(url),
        connect_args={"async_creator_fn": BoundedConnection.connect},
        pool_size=POOL_SIZE,
        max_overflow=0,
        pool_timeout=POOL_S,
        pool_pre_ping=True,
        hide_parameters=True,
    )
    event.listen(writer.sync_engine, "connect", _bound)
    event.listen(writer.sync_engine, "checkin", _hurry)
    return writer, writer.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)


def _bounded(url: URL) -> URL:
    return url.set(drivername="postgresql+psycopg", query={**BOUNDS, **url.query})


def connector(url: URL) -> Callable[[], Any]:
    """Opens a connection of the same database for an engine that works in threads, with the same limits."""
    given = _bounded(url)
    arguments, options = given.get_dialect()().create_connect_args(given)
    return partial(EngineConnection.connect, *arguments, **options)


def scrub(_: URL) -> bool:
    """Nothing to do here: VACUUM takes away what was overwritten, and the server's archive is the operator's."""
    return True


def _bound(connection: Any, _: Any) -> None:
    cursor = connection.cursor()
    cursor.execute(f"SET idle_in_transaction_session_timeout = '{IDLE_S}s'")
    cursor.close()
    connection.commit()


def _hurry(connection: Any, _: Any) -> None:
    # One that was lost has none any more.
    if connection is not None:
        connection.driver_connection.answer_s = ANSWER_S


def lock_schema(connection: Connection) -> None:
    """Lets one process at a time change the schema; held until the transaction ends, which may stand still for longer
    than others, and whose statements take as long as they take.
    """
    connection.connection.driver_connection.answer_s = None  # type: ignore[union-attr]
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
