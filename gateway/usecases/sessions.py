"""Sessions: signing in, going on with a fresh token, signing out; and who the caller of a session is."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from uuid_utils import uuid7

from gateway.domain.credentials import username_problem
from gateway.domain.errors import RequestError
from gateway.domain.parties import Actor
from gateway.ports import Attempt, Attempts, Credentials, Passwords, Session, UnitOfWork
from gateway.usecases.core import Core
from gateway.usecases.remembered import Remembered


@dataclass(frozen=True, slots=True)
class SessionRules:
    """What sessions go by.

    `successor` gives the refresh token that follows another: the same each time, and known to nobody without the
    gateway's secret. So two requests with one token (two tabs, a lost answer) get the same next one.
    """

    passwords: Passwords
    attempts: Attempts
    successor: Callable[[str], str]
    lifetime: timedelta = timedelta(days=30)
    refresh_grace: timedelta = timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A session and the refresh token that goes on with it; only its digest is kept."""

    session_key: str
    actor_id: str
    refresh_token: str


def session_topic(session_key: str) -> str:
    """The wake-up topic of a session: woken when it ends."""
    return f"session:{session_key}"


def _digest(token: str) -> str:
    return sha256(token.encode()).hexdigest()


async def sign_in(core: Core, rules: SessionRules, address: str, username: str, password: str) -> SignedIn:
    """A new session.

    A wrong password, an unknown name and a locked account go the same way and take the same work.
    Raises: RequestError INVALID_CREDENTIALS; RATE_LIMITED with `seconds` for the address; BUSY.
    """
    if seconds := await rules.attempts.wait_s(Attempt.SIGN_IN_ADDRESS, address):
        raise RequestError.at("RATE_LIMITED", seconds=str(seconds))
    name = username.casefold()[:64]
    # Counted before it is known to be wrong: many at once get no further than one after the other.
    is_open = await rules.attempts.count(Attempt.SIGN_IN_ACCOUNT, name)
    known = await _credentials(core, username)
    is_right = await rules.passwords.is_right(password, known.password_hash if known and is_open else None)
    if known is None or not is_right:
        await rules.attempts.count(Attempt.SIGN_IN_ADDRESS, address)
        raise RequestError.at("INVALID_CREDENTIALS")
    await rules.attempts.forget(Attempt.SIGN_IN_ACCOUNT, name)
    is_outdated = rules.passwords.is_outdated(known.password_hash)
    stronger = await rules.passwords.hash(password) if is_outdated else None
    async with core.storage.writing() as unit:
        if stronger:
            await unit.accounts.set_password(known.actor_id, stronger)
        return await _new_session(unit, known.actor_id, core.clock.now(), rules.lifetime)


async def _credentials(core: Core, username: str) -> Credentials | None:
    if username_problem(username):
        return None
    async with core.storage.reading() as unit:
        return await unit.accounts.credentials(username)


async def _new_session(unit: UnitOfWork, actor_id: str, now: datetime, lifetime: timedelta) -> SignedIn:
    token, key = secrets.token_urlsafe(32), str(uuid7())
    await unit.accounts.add_session(Session(key, actor_id, _digest(token), None, None, now, now + lifetime))
    return SignedIn(key, actor_id, token)


async def refresh(core: Core, rules: SessionRules, token: str) -> SignedIn:
    """The session goes on with the token's successor, and lives its whole time again.

    The token before the present one gets the present one again for the grace's seconds. After that, and any older one
    at once, is taken for stolen: the session ends.
    Raises: RequestError INVALID_REFRESH_TOKEN.
    """
    now, successor = core.clock.now(), rules.successor(token)
    async with core.storage.writing() as unit:
        session = await unit.accounts.session_by_refresh(_digest(token))
        if session is not None and not await _goes_on(unit, session, token, successor, now, rules):
            session = None
    if session is None:
        raise RequestError.at("INVALID_REFRESH_TOKEN")
    return SignedIn(session.key, session.actor_id, successor)


async def _goes_on(
    unit: UnitOfWork, session: Session, token: str, successor: str, now: datetime, rules: SessionRules
) -> bool:
    if session.ended_at is not None or session.expires_at <= now:
        return False
    digest, next_digest = _digest(token), _digest(successor)
    if digest == session.refresh_digest:
        # Where another request was first, it got the same successor.
        await unit.accounts.rotate(session, next_digest, now, now + rules.lifetime)
        return True
    is_previous = (session.previous_digest, session.refresh_digest) == (digest, next_digest)
    if is_previous and session.rotated_at is not None and now - session.rotated_at <= rules.refresh_grace:
        return True
    await _end(unit, session.key, now)
    return False


async def sign_out(core: Core, session_key: str) -> None:
    """Ends the session: its tokens are refused at once, its subscriptions are woken. Again is harmless."""
    async with core.storage.writing() as unit:
        await _end(unit, session_key, core.clock.now())


async def _end(unit: UnitOfWork, session_key: str, at: datetime) -> None:
    await unit.accounts.end_session(session_key, at)
    unit.wake(session_topic(session_key))


class Callers:
    """Who the caller of a session is, by its key: the actor with the rights of the moment; nobody once it ended."""

    def __init__(self, core: Core) -> None:
        self._actors = core.actors
        self._sessions = Remembered(core, session_topic, _live_actor_id)

    async def find(self, session_key: str) -> Actor | None:
        """The actor of a live session."""
        actor_id = await self._sessions.find(session_key)
        return None if actor_id is None else await self._actors.find(actor_id)

    async def is_live(self, session_key: str) -> bool:
        """Whether the session goes on."""
        return await self._sessions.find(session_key) is not None


async def _live_actor_id(unit: UnitOfWork, session_key: str, _now: datetime) -> str | None:
    session = await unit.accounts.session(session_key)
    return session.actor_id if session is not None and session.ended_at is None else None
