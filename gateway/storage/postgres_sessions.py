"""Sessions of PostgreSQL's own, beside the pool of transactions: for locks that live as long, and for notices."""

from collections.abc import Mapping
from typing import Any

import psycopg
from psycopg.rows import TupleRow

Connection = psycopg.AsyncConnection[TupleRow]

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


async def open_session(url: str, application_name: str) -> Connection:
    """One whose other end is known to be gone within five seconds. Raises: psycopg.Error, OSError."""
    return await psycopg.AsyncConnection.connect(
        url,
        autocommit=True,
        application_name=application_name,
        **BOUNDS,
    )
