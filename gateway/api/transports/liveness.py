"""Tells connections that stay open when what they live by has ended: the caller's session, its token, the gateway."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from enum import Enum

from gateway.api.parts import Identity
from gateway.domain.parties import Caller
from gateway.usecases.core import Core
from gateway.usecases.sessions import session_topic

# A wake-up that was lost costs this much; a clock that was set, too.
SWEEP_S = 5.0
_NEVER = datetime.max.replace(tzinfo=UTC)


class End(Enum):
    """Why a connection ends that nobody closed."""

    SESSION = "session"
    TOKEN = "token"  # noqa: S105
    SHUTDOWN = "shutdown"


Ended = asyncio.Future[End]


class _Session:
    """One session's watch, for all its connections."""

    def __init__(self) -> None:
        self.waiting: set[Ended] = set()
        self.task: asyncio.Task[None] | None = None


class Liveness:
    """The connections that stay open. Each is told of the first end alone."""

    def __init__(self, core: Core, identity: Identity) -> None:
        self._core = core
        self._identity = identity
        self._sessions: dict[str, _Session] = {}
        self._open: set[Ended] = set()
        self._is_over = False

    @contextmanager
    def watched(self, caller: Caller) -> Iterator[Ended]:
        """What tells of the end, while the connection of this caller is open."""
        ended: Ended = asyncio.get_running_loop().create_future()
        self._open.add(ended)
        if self._is_over:
            _tell(ended, End.SHUTDOWN)
        session = self._joined(caller, ended)
        timer = _Expiry(self._core, caller.expires_at, ended) if caller.expires_at else None
        try:
            yield ended
        finally:
            self._open.discard(ended)
            if timer:
                timer.stop()
            if session:
                self._left(caller.session_key or "", session, ended)

    def shut_down(self) -> None:
        """Ends them all, and those that are opened from now on."""
        self._is_over = True
        for ended in list(self._open):
            _tell(ended, End.SHUTDOWN)

    def _joined(self, caller: Caller, ended: Ended) -> _Session | None:
        if not caller.session_key:
            return None
        session = self._sessions.setdefault(caller.session_key, _Session())
        session.waiting.add(ended)
        if session.task is None:
            session.task = asyncio.create_task(self._watch(caller, session))
        return session

    def _left(self, key: str, session: _Session, ended: Ended) -> None:
        session.waiting.discard(ended)
        if not session.waiting and session.task:
            session.task.cancel()
            if self._sessions.get(key) is session:
                del self._sessions[key]

    async def _watch(self, caller: Caller, session: _Session) -> None:
        # Each connection's token has an expiry of its own: here the session alone counts.
        whose = replace(caller, expires_at=_NEVER)
        with self._core.wakeups.listen(session_topic(caller.session_key or "")) as waiter:
            while await self._identity.is_live(whose):
                await waiter.wait(SWEEP_S)
        self._sessions.pop(caller.session_key or "", None)
        for ended in list(session.waiting):
            _tell(ended, End.SESSION)


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
