"""Sessions of PostgreSQL's own, beside the pool of transactions: for locks that live as long, and for notices."""

import psycopg
from psycopg.rows import TupleRow

Connection = psycopg.AsyncConnection[TupleRow]

FAILURES = (psycopg.Error, OSError, TimeoutError)
"""What a session that is gone, or does not answer, raises."""


async def open_session(url: str, application_name: str) -> Connection:
    """One whose other end is known to be gone within five seconds. Raises: psycopg.Error, OSError."""
    return await psycopg.AsyncConnection.connect(
        url,
        autocommit=True,
        connect_timeout=5,
        keepalives_idle=2,
        keepalives_interval=1,
        keepalives_count=3,
        application_name=application_name,
    )
