"""The line of the wake-up bus over PostgreSQL's NOTIFY: nothing else is needed beside the database."""

from collections.abc import AsyncIterator, Iterator, Sequence

from gateway.storage.postgres_sessions import Connection, open_session

CHANNEL = "gateway_wakeups"
# NOTIFY takes a little less than 8,000 bytes.
_MOST_BYTES = 7_900
_ANSWER_S = 5.0
# Who listens can't tell a server that says nothing from one that hangs, and asks so often.
QUIET_S = 10.0
_SESSION = "gateway-wakeups"


def _parts(sender: str, topics: Sequence[str]) -> Iterator[str]:
    """The topics, which are bounded and each one line, in as few messages as they fit in."""
    part, size = [sender], len(sender)
    for topic in topics:
        length = len(topic.encode()) + 1
        if size + length > _MOST_BYTES and len(part) > 1:
            yield "\n".join(part)
            part, size = [sender], len(sender)
        part.append(topic)
        size += length
    yield "\n".join(part)


class PostgresLine:
    """Two sessions: one that listens, one that tells."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._telling: Connection | None = None

    async def send(self, sender: str, topics: Sequence[str]) -> None:
        if self._telling is None or self._telling.closed:
            self._telling = await open_session(self._url, _SESSION, _ANSWER_S)
        try:
            for part in _parts(sender, topics):
                await self._telling.execute(b"SELECT pg_notify(%s, %s)", (CHANNEL, part))
        except BaseException:
            await self.close()
            raise

    async def receive(self) -> AsyncIterator[tuple[str, Sequence[str]]]:
        connection = await open_session(self._url, _SESSION, _ANSWER_S)
        try:
            await connection.execute(f"LISTEN {CHANNEL}".encode())
            yield "", ()
            while True:
                async for notice in connection.notifies(timeout=QUIET_S):
                    sender, *topics = notice.payload.split("\n")
                    yield sender, topics
                await connection.execute(b"SELECT 1")
        finally:
            await connection.close()

    async def close(self) -> None:
        """Ends the session that tells."""
        telling, self._telling = self._telling, None
        if telling is not None:
            await telling.close()
