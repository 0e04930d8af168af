"""Tells connections that stay open when what they live by has ended: a session, a client, a token, the gateway."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from enum import Enum

from gateway.api.parts import Identity
from gateway.domain.errors import StorageUnavailable
from gateway.domain.parties import Caller
from gateway.usecases.clients import client_topic
from gateway.usecases.core import Core
from gateway.usecases.sessions import session_topic

# A wake-up that was lost costs this much; a clock that was set, too.
SWEEP_S = 5.0
# While the storage is away.
AGAIN_S = 1.0
_NEVER = datetime.max.replace(tzinfo=UTC)


class End(Enum):
    """Why a connection ends that nobody closed."""

    SESSION = "session"
    TOKEN = "token"  # noqa: S105
    SHUTDOWN = "shutdown"


Ended = asyncio.Future[End]


class _Source:
    """The watch over what callers came by, for all their connections: one session, or one secret of a client's."""

    def __init__(self, key: str, topic: str) -> None:
        self.key = key
        self.topic = topic
        self.waiting: set[Ended] = set()
        self.task: asyncio.Task[None] | None = None


class Liveness:
    """The connections that stay open. Each is told of the first end alone."""

    def __init__(self, core: Core, identity: Identity) -> None:
        self._core = core
        self._identity = identity
        self._sources: dict[str, _Source] = {}
        self._open: set[Ended] = set()
        self._is_over = False

    @contextmanager
    def watched(self, caller: Caller) -> Iterator[Ended]:
        """What tells of the end, while the connection of this caller is open."""
        ended: Ended = asyncio.get_running_loop().create_future()
        self._open.add(ended)
        if self._is_over:
            _tell(ended, End.SHUTDOWN)
        source = self._joined(caller, ended)
        timer = _Expiry(self._core, caller.expires_at, ended) if caller.expires_at else None
        try:
            yield ended
        finally:
            self._open.discard(ended)
            if timer:
                timer.stop()
            if source:
                self._left(source, ended)

    def shut_down(self) -> None:
        """Ends them all, and those that are opened from now on."""
        self._is_over = True
        for ended in list(self._open):
            _tell(ended, End.SHUTDOWN)

    def _joined(self, caller: Caller, ended: Ended) -> _Source | None:
        found = _source_of(caller)
        if found is None:
            return None
        source = self._sources.setdefault(found.key, found)
        source.waiting.add(ended)
        if source.task is None:
            source.task = asyncio.create_task(self._watch(caller, source))
        return source

    def _left(self, source: _Source, ended: Ended) -> None:
        source.waiting.discard(ended)
        if not source.waiting and source.task:
            source.task.cancel()
            if self._sources.get(source.key) is source:
                del self._sources[source.key]

    async def _watch(self, caller: Caller, source: _Source) -> None:
        # Each connection's token has an expiry of its own: here what it came by alone counts.
        whose = replace(caller, expires_at=_NEVER)
        with self._core.wakeups.listen(source.topic) as waiter:
            while await self._is_live(whose):
                await waiter.wait(SWEEP_S)
        self._sources.pop(source.key, None)
        for ended in list(source.waiting):
            _tell(ended, End.SESSION)

    async def _is_live(self, caller: Caller) -> bool:
        """While the storage is away nobody can end anything: it is asked again until it is there."""
        while True:
            try:
                return await self._identity.is_live(caller)
            except StorageUnavailable:
                await asyncio.sleep(AGAIN_S)


def _source_of(caller: Caller) -> _Source | None:
    if caller.client is not None:
        topic = client_topic(caller.client.id)
        return _Source(f"{topic}:{caller.client.generation}", topic)
    if caller.session_key:
        topic = session_topic(caller.session_key)
        return _Source(topic, topic)
    return None


class _Expiry:
    """Tells when a token has run out, by the gateway's own clock."""

    def __init__(self, core: Core, at: datetime, ended: Ended) -> None:
        self._core = core
        self._at = at
        self._ended = ended
        self._timer = self._next()

    def _next(self) -> asyncio.TimerHandle:
        left = (self._at - self._core.clock.now()).total_seconds()
        return asyncio.get_running_loop().call_later(max(0.0, min(left, SWEEP_S * 6)), self._look)

    def _look(self) -> None:
        if self._core.clock.now() >= self._at:
            _tell(self._ended, End.TOKEN)
        else:
            self._timer = self._next()

    def stop(self) -> None:
        self._timer.cancel()


def _tell(ended: Ended, why: End) -> None:
    if not ended.done():
        ended.set_result(why)
