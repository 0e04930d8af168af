"""Sessions: signing in, going on with a fresh token, signing out; and who the caller of a session is."""

import dataclasses
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from uuid_utils import uuid7

from gateway.domain.credentials import username_problem
from gateway.domain.errors import RequestError
from gateway.domain.parties import Actor, Authorization
from gateway.domain.security import NewSecurityEvent, SecurityEventKind
from gateway.ports import Attempt, Attempts, Credentials, Passwords, Session, UnitOfWork
from gateway.usecases.core import Core
from gateway.usecases.remembered import Remembered
from gateway.usecases.security_telling import only_customer_of

REUSED = "REUSED"


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
        _note(core, SecurityEventKind.SIGN_IN_REFUSED, "ADDRESS_LOCKED", None, address)
        raise RequestError.at("RATE_LIMITED", seconds=str(seconds))
    name = username.casefold()[:64]
    # Counted before it is known to be wrong: many at once get no further than one after the other.
    is_open = await rules.attempts.count(Attempt.SIGN_IN_ACCOUNT, name)
    known = await _credentials(core, username)
    is_right = await rules.passwords.is_right(password, known.password_hash if known and is_open else None)
    if known is None or not is_right:
        await rules.attempts.count(Attempt.SIGN_IN_ADDRESS, address)
        reason = "UNKNOWN_NAME" if known is None else "WRONG_PASSWORD" if is_open else "LOCKED"
        _note(core, SecurityEventKind.SIGN_IN_REFUSED, reason, known.actor_id if known else None, address)
        raise RequestError.at("INVALID_CREDENTIALS")
    await rules.attempts.forget(Attempt.SIGN_IN_ACCOUNT, name)
    is_outdated = rules.passwords.is_outdated(known.password_hash)
    stronger = await rules.passwords.hash(password) if is_outdated else None
    async with core.storage.writing() as unit:
        if stronger:
            await unit.accounts.set_password(known.actor_id, stronger)
        now = core.clock.now()
        signed_in = await _new_session(unit, known.actor_id, now, rules.lifetime)
        await _tell(unit, SecurityEventKind.SIGNED_IN, now, known.actor_id, address, signed_in.session_key)
        return signed_in


def _note(core: Core, kind: SecurityEventKind, reason: str, actor_id: str | None, address: str) -> None:
    """A refusal: what is known of it is noted in no more time than what is not."""
    at = core.clock.now()
    core.refusals.note(NewSecurityEvent(kind, at, actor_id, params={"reason": reason}, address=address or None))


async def _tell(
    unit: UnitOfWork, kind: SecurityEventKind, at: datetime, actor_id: str, address: str, session: str, **params: str
) -> None:
    customer_id, told = await only_customer_of(unit, actor_id), {"session": session, **params}
    event = NewSecurityEvent(kind, at, actor_id, customer_id, params=told, address=address or None)
    await unit.security_events.record(event)


async def _credentials(core: Core, username: str) -> Credentials | None:
    if username_problem(username):
        return None
    async with core.storage.reading() as unit:
        return await unit.accounts.credentials(username)


async def _new_session(unit: UnitOfWork, actor_id: str, now: datetime, lifetime: timedelta) -> SignedIn:
    token, key = secrets.token_urlsafe(32), str(uuid7())
    await unit.accounts.add_session(Session(key, actor_id, _digest(token), None, None, now, now + lifetime))
    return SignedIn(key, actor_id, token)


async def begin_session(unit: UnitOfWork, actor_id: str, now: datetime, rules: SessionRules) -> SignedIn:
    """A new session of that actor's, kept with the transaction: for who has shown elsewhere who they are."""
    return await _new_session(unit, actor_id, now, rules.lifetime)


async def refresh(core: Core, rules: SessionRules, token: str, address: str = "") -> SignedIn:
    """The session goes on with the token's successor, and lives its whole time again.

    The token before the present one gets the present one again for the grace's seconds. After that, and any older one
    at once, is taken for stolen: the session ends.
    Raises: RequestError INVALID_REFRESH_TOKEN.
    """
    now, successor = core.clock.now(), rules.successor(token)
    async with core.storage.writing() as unit:
        session = await unit.accounts.session_by_refresh(_digest(token))
        refusal = await _refusal(unit, session, token, successor, now, rules) if session else "UNKNOWN"
        if session is not None and refusal == REUSED:
            await _end(unit, session.key, now)
            told = (now, session.actor_id, address, session.key)
            await _tell(unit, SecurityEventKind.SESSION_ENDED, *told, reason="REFRESH_TOKEN_REUSED")
    if session is None or refusal is not None:
        actor_id = session.actor_id if session else None
        _note(core, SecurityEventKind.REFRESH_REFUSED, refusal or "UNKNOWN", actor_id, address)
        raise RequestError.at("INVALID_REFRESH_TOKEN")
    return SignedIn(session.key, session.actor_id, successor)


async def _refusal(
    unit: UnitOfWork, session: Session, token: str, successor: str, now: datetime, rules: SessionRules
) -> str | None:
    """Why the session does not go on; None where it does."""
    if session.ended_at is not None or session.expires_at <= now:
        return "ENDED" if session.ended_at is not None else "EXPIRED"
    digest, next_digest = _digest(token), _digest(successor)
    if digest == session.refresh_digest:
        # Where another request was first, it got the same successor.
        await unit.accounts.rotate(session, next_digest, now, now + rules.lifetime)
        return None
    is_previous = (session.previous_digest, session.refresh_digest) == (digest, next_digest)
    is_in_time = session.rotated_at is not None and now - session.rotated_at <= rules.refresh_grace
    return None if is_previous and is_in_time else REUSED


async def sign_out(core: Core, session_key: str, address: str = "") -> None:
    """Ends the session: its tokens are refused at once, its subscriptions are woken. Again is harmless."""
    async with core.storage.writing() as unit:
        now, session = core.clock.now(), await unit.accounts.session(session_key)
        await _end(unit, session_key, now)
        if session is not None and session.ended_at is None:
            await _tell(unit, SecurityEventKind.SIGNED_OUT, now, session.actor_id, address, session_key)


async def end_session(unit: UnitOfWork, session_key: str, at: datetime) -> None:
    """Ends it with the transaction; what is open of it is woken. Again is harmless."""
    await _end(unit, session_key, at)


async def _end(unit: UnitOfWork, session_key: str, at: datetime) -> None:
    await unit.accounts.end_session(session_key, at)
    unit.wake(session_topic(session_key))


class Callers(Remembered[Actor]):
    """Who the caller of a session is, by its key: the actor with the authorizations in force; nobody once it ended."""

    def __init__(self, core: Core) -> None:
        super().__init__(core, session_topic, _actor_of)


async def _actor_of(unit: UnitOfWork, session_key: str, now: datetime) -> Actor | None:
    session = await unit.accounts.session(session_key)
    if session is None or session.ended_at is not None:
        return None
    actor = await unit.accounts.actor(session.actor_id)
    return _in_force(await _as_operator(unit, actor, session_key, now), now) if actor else None


async def _as_operator(unit: UnitOfWork, actor: Actor, session_key: str, now: datetime) -> Actor:
    """What the identity provider said at the sign-in makes an operator of that session alone, and for a while."""
    came = await unit.issuer_accounts.session(session_key)
    is_operator = came is not None and came.operator_until is not None and now < came.operator_until
    return dataclasses.replace(actor, is_operator=True) if is_operator else actor


def _in_force(actor: Actor, now: datetime) -> Actor:
    def holds(each: Authorization) -> bool:
        return each.valid_from <= now and (each.valid_until is None or now < each.valid_until)

    memberships = (
        dataclasses.replace(each, authorizations=tuple(filter(holds, each.authorizations)))
        for each in actor.memberships
    )
    return dataclasses.replace(actor, memberships=tuple(memberships))
