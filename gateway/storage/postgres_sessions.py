"""Connections to PostgreSQL, of the pools and beside them: for locks that live as long, and for notices.

None waits for ever for a server that is gone, or that takes what it is sent and does not answer.
"""

from collections.abc import Generator, Mapping
from typing import Any, TypeVar

import psycopg
from psycopg.abc import PQGen
from psycopg.rows import TupleRow

Connection = psycopg.AsyncConnection[TupleRow]
T = TypeVar("T")

FAILURES = (psycopg.Error, OSError, TimeoutError)
"""What a session that is gone, or does not answer, raises."""


# A server that is gone without a word is known to be gone within about five seconds, also where something was sent that
# it never received (milliseconds): else the network's own patience holds a connection for a quarter of an hour.
BOUNDS: Mapping[str, Any] = {
    "connect_timeout": "5",
    "keepalives_idle": "2",
    "keepalives_interval": "1",
    "keepalives_count": "3",
    "tcp_user_timeout": "5000",
}
# A server that hangs, or whose proxy does, still acknowledges what it is sent: the network can't tell. Longer than
# another's lock on a row is waited for (`postgres.IDLE_S`), and than any statement takes on a bad day.
ANSWER_S = 10.0
_INTERVAL_S = 0.1


class BoundedConnection(psycopg.AsyncConnection[TupleRow]):
    """Is closed where the server does not answer within `answer_s`; None waits for as long as it takes."""

    answer_s: float | None = ANSWER_S

    async def wait(
        self,
        gen: PQGen[T],
        interval: float = _INTERVAL_S,
        timeout: float | None = None,  # noqa: ASYNC109 it is the driver's
    ) -> T:
        """As the driver's. Raises: psycopg.OperationalError."""
        try:
            return await super().wait(gen, interval, self.answer_s if timeout is None else timeout)
        except psycopg.OperationalError:
            if timeout is None:
                self.pgconn.finish()
            raise


class EngineConnection(psycopg.Connection[TupleRow]):
    """The same for who works in threads."""

    answer_s: float | None = ANSWER_S

    def wait(self, gen: PQGen[T], interval: float = _INTERVAL_S, timeout: float | None = None) -> T:
        """As the driver's. Raises: psycopg.OperationalError."""
        try:
            return super().wait(gen, interval, self.answer_s if timeout is None else timeout)
        except psycopg.OperationalError:
            if timeout is None:
                self.pgconn.finish()
            raise

    def notifies(
        self, *, timeout: float | None = None, stop_after: int | None = None
    ) -> Generator[psycopg.Notify, None, None]:
        """As the driver's: who listens waits for as long as it takes."""
        self.answer_s = None
        return super().notifies(timeout=timeout, stop_after=stop_after)


async def open_session(url: str, application_name: str, answer_s: float) -> Connection:
    """One whose other end is known to be gone within five seconds, or when it does not answer for so long.

    Raises: psycopg.Error, OSError.
    """
    connection = await BoundedConnection.connect(url, autocommit=True, application_name=application_name, **BOUNDS)
    connection.answer_s = answer_s
    return connection
