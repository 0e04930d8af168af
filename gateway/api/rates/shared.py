"""One Redis that all gateways count in, with a time limit for each question and a rest after each failure."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from limits.aio.storage import RedisStorage

log = logging.getLogger(__name__)

PREFIX = "gateway:rates"
# Longer than Redis takes on a bad day, shorter than anybody notices.
ANSWER_S = 0.25
# After a failure nobody asks for so long; then one question finds out whether it is back.
REST_S = 5.0

T = TypeVar("T")


class RedisAway(Exception):
    """Redis did not answer, or is spared questions because it did not of late."""


class SharedCounts:
    """The connection. A question waits for `ANSWER_S`; while Redis is away, one question in `REST_S` does so."""

    def __init__(self, url: str) -> None:
        # Only where it is wanted: loading it takes a while of each start.
        from redis.asyncio import Redis
        from redis.asyncio.retry import Retry
        from redis.backoff import NoBackoff
        from redis.exceptions import RedisError

        self._failures = (RedisError, OSError, TimeoutError)
        once: dict[str, Any] = {
            "socket_timeout": ANSWER_S,
            "socket_connect_timeout": ANSWER_S,
            "retry": Retry(NoBackoff(), 0),
            "health_check_interval": 0,
        }
        # The types of redis fit no answer.
        self.redis: Any = Redis.from_url(url, **once)
        pool: Any = self.redis.connection_pool
        self.storage = RedisStorage(_for_limits(url), implementation="redispy", key_prefix=PREFIX, connection_pool=pool)
        self._rests_until = 0.0

    async def ask(self, question: Callable[[], Awaitable[T]]) -> T:
        """The answer. Raises: RedisAway."""
        now = time.monotonic()
        if now < self._rests_until:
            raise RedisAway
        was_away = self._rests_until > 0
        if was_away:
            # One asks for all: the others go on without an answer until it has one.
            self._rests_until = now + REST_S
        try:
            async with asyncio.timeout(2 * ANSWER_S):
                answer = await question()
        except self._failures as error:
            if not was_away:
                log.warning("redis is away: limits are counted in this process alone error=%s", type(error).__name__)
            self._rests_until = time.monotonic() + REST_S
            raise RedisAway from None
        if was_away:
            log.warning("redis is back: limits are counted over all gateways")
        self._rests_until = 0.0
        return answer


@asynccontextmanager
async def open_counts(url: str) -> AsyncIterator[SharedCounts | None]:
    """The Redis of that address, None for none. One that is away is no obstacle."""
    if not url:
        yield None
        return
    counts = SharedCounts(url)
    try:
        yield counts
    finally:
        await counts.redis.aclose()


def _for_limits(url: str) -> str:
    """The address as the library wants it; the connections themselves are ours."""
    return "async+redis+unix://" + url.removeprefix("unix://") if url.startswith("unix://") else f"async+{url}"
