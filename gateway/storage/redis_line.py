"""The line of the wake-up bus over a Redis stream: for many processes, without a load on the database."""

from collections.abc import AsyncIterator, Sequence
from typing import Any

import orjson
from redis.asyncio import Redis
from redis.exceptions import RedisError

STREAM = "gateway:wakeups"
# What is older was read long ago, or is covered by waking everyone.
KEPT = 10_000
_WAIT_MS = 5_000
FAILURES = (RedisError, OSError, TimeoutError)


class RedisLine:
    """One stream; each process reads it from where it came."""

    def __init__(self, url: str) -> None:
        # Its own types fit no answer. A read waits for its answer longer than Redis waits for an entry.
        self._redis: Any = Redis.from_url(
            url, socket_connect_timeout=2, socket_timeout=_WAIT_MS / 1000 + 5, health_check_interval=0
        )

    async def send(self, sender: str, topics: Sequence[str]) -> None:
        entry = {"sender": sender, "topics": orjson.dumps(list(topics))}
        await self._redis.xadd(STREAM, entry, maxlen=KEPT, approximate=True)

    async def receive(self) -> AsyncIterator[tuple[str, Sequence[str]]]:
        newest = await self._redis.xrevrange(STREAM, count=1)
        last = newest[0][0] if newest else b"0-0"
        yield "", ()
        while True:
            for _, entries in await self._redis.xread({STREAM: last}, block=_WAIT_MS):
                for entry_id, fields in entries:
                    last = entry_id
                    yield fields[b"sender"].decode(), orjson.loads(fields[b"topics"])

    async def close(self) -> None:
        """Gives the connections back."""
        await self._redis.aclose()
