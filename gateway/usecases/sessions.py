"""Sessions: begun, going on with a fresh token, ended; and who the caller of a session is."""

import dataclasses
import secrets
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from uuid_utils import uuid7

from gateway.domain.errors import RequestError
from gateway.domain.identity import own_id
from gateway.domain.one_time_passwords import OneTimePasswordRequirement
from gateway.domain.parties import Actor
from gateway.domain.security import NewSecurityEvent
from gateway.domain.security import SecurityEventKind as Kind
from gateway.domain.sessions import Device
from gateway.ports import Attempts, OneTimeCodes, Passwords, Session, UnitOfWork
from gateway.usecases.actors import actor_topic
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
    codes: OneTimeCodes
    lifetime: timedelta = timedelta(days=30)
    refresh_grace: timedelta = timedelta(seconds=10)
    requirement: OneTimePasswordRequirement = OneTimePasswordRequirement.NONE


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A session and the refresh token that goes on with it; only its digest is kept."""

    session_key: str
    actor_id: str
    refresh_token: str
    must_enrol: bool = False


def session_id(session_key: str) -> str:
    """The global id of a session; it is no secret."""
    return own_id("Session", session_key)


def session_topic(session_key: str) -> str:
    """The wake-up topic of a session: woken when it ends."""
    return f"session:{session_key}"


def token_digest(token: str) -> str:
    """What is kept of a token of 256 random bits."""
    return sha256(token.encode(errors="replace")).hexdigest()


async def new_session(
    unit: UnitOfWork,
    rules: SessionRules,
    actor_id: str,
    device: Device,
    now: datetime,
    limit_key: str = "",
    **told: str,
) -> SignedIn:
    """Keeps a session of that actor's from now on, and tells of it, with what is `told` besides.

    `limit_key` is what attempts are counted by.
    """
    token, key = secrets.token_urlsafe(32), str(uuid7())
    session = Session(
        key,
        actor_id,
        token_digest(token),
        None,
        None,
        now,
        now + rules.lifetime,
        device=device.name,
        address=device.address,
        last_used_at=now,
    )
    await unit.accounts.add_session(session)
    await tell(unit, Kind.SIGNED_IN, now, actor_id, limit_key, session=key, **told)
    return SignedIn(key, actor_id, token)


async def tell(unit: UnitOfWork, kind: Kind, at: datetime, actor_id: str, address: str = "", **params: str) -> None:
    """What a person did, or what was done to the account; the manager of the person's only customer sees it too."""
    customer_id = await only_customer_of(unit, actor_id)
    event = NewSecurityEvent(kind, at, actor_id, customer_id, params=params, address=address or None)
    await unit.security_events.record(event)


def note_refusal(core: Core, kind: Kind, reason: str, actor_id: str | None, address: str = "") -> None:
    """A refusal: what is known of it is noted in no more time than what is not."""
    at = core.clock.now()
    core.refusals.note(NewSecurityEvent(kind, at, actor_id, params={"reason": reason}, address=address or None))


async def must_enrol(unit: UnitOfWork, rules: SessionRules, actor_id: str, session_key: str) -> bool:
    """Whether the session can do nothing yet but switch on a one-time password.

    One that came by the operator's identity provider goes by that one's rules.
    """
    if rules.requirement is OneTimePasswordRequirement.NONE or await unit.issuer_accounts.session(session_key):
        return False
    actor = await unit.accounts.actor(actor_id)
    return actor is not None and rules.requirement.concerns(actor) and not actor.has_one_time_password


async def refresh(core: Core, rules: SessionRules, token: str, address: str = "") -> SignedIn:
    """The session goes on with the token's successor, and lives its whole time again.

    The token before the present one gets the present one again for the grace's seconds. After that, and any older one
    at once, is taken for stolen: the session ends.
    Raises: RequestError INVALID_REFRESH_TOKEN.
    """
    now, successor = core.clock.now(), rules.successor(token)
    # Nobody who makes tokens up holds the writer: what is unknown now is so for good.
    async with core.storage.reading() as unit:
        is_known = await unit.accounts.session_by_refresh(token_digest(token)) is not None
    if not is_known:
        note_refusal(core, Kind.REFRESH_REFUSED, "UNKNOWN", None, address)
        raise RequestError.at("INVALID_REFRESH_TOKEN")
    async with core.storage.writing() as unit:
        session = await unit.accounts.session_by_refresh(token_digest(token))
        refusal = await _refusal(unit, session, token, successor, now, rules) if session else "UNKNOWN"
        if session is not None and refusal == REUSED:
            await _end(unit, session, now)
            await tell(unit, Kind.REFRESH_TOKEN_REUSED, now, session.actor_id, address, session=session.key)
        needs_enrolment = session is not None and await must_enrol(unit, rules, session.actor_id, session.key)
    if session is None or refusal is not None:
        actor_id = session.actor_id if session else None
        note_refusal(core, Kind.REFRESH_REFUSED, refusal or "UNKNOWN", actor_id, address)
        raise RequestError.at("INVALID_REFRESH_TOKEN")
    return SignedIn(session.key, session.actor_id, successor, needs_enrolment)


async def _refusal(
    unit: UnitOfWork, session: Session, token: str, successor: str, now: datetime, rules: SessionRules
) -> str | None:
    """Why the session does not go on; None where it does."""
    if session.ended_at is not None or session.expires_at <= now:
        return "ENDED" if session.ended_at is not None else "EXPIRED"
    digest, next_digest = token_digest(token), token_digest(successor)
    if digest == session.refresh_digest:
        # Where another request was first, it got the same successor.
        await unit.accounts.rotate(session, next_digest, now, now + rules.lifetime)
        return None
    is_previous = (session.previous_digest, session.refresh_digest) == (digest, next_digest)
    is_in_time = session.rotated_at is not None and now - session.rotated_at <= rules.refresh_grace
    return None if is_previous and is_in_time else REUSED


async def sign_out(core: Core, session_key: str, address: str = "") -> None:
    """Ends the session: its tokens are refused at once, its subscriptions are woken. Again is harmless."""
    now = core.clock.now()
    async with core.storage.writing() as unit:
        session = await unit.accounts.session(session_key)
        if session is not None and session.ended_at is None:
            await _end(unit, session, now)
            await tell(unit, Kind.SIGNED_OUT, now, session.actor_id, address, session=session_key)


async def _end(unit: UnitOfWork, session: Session, at: datetime) -> None:
    await unit.accounts.end_session(session.key, at)
    unit.wake(session_topic(session.key))


async def end(unit: UnitOfWork, session: Session, at: datetime, reason: str, address: str = "") -> None:
    """Ends a session with this transaction's commit, and tells why."""
    await _end(unit, session, at)
    await tell(unit, Kind.SESSION_ENDED, at, session.actor_id, address, session=session.key, reason=reason)


async def end_all(unit: UnitOfWork, actor_id: str, at: datetime, reason: str, but: Collection[str] = ()) -> int:
    """Ends each of the actor's sessions but those of these keys; returns how many."""
    ending = [each for each in await unit.accounts.live_sessions(actor_id, at) if each.key not in but]
    for each in ending:
        await end(unit, each, at, reason)
    return len(ending)


async def wake_all(unit: UnitOfWork, actor_id: str, at: datetime) -> None:
    """Has who the callers of the actor's sessions are read anew."""
    unit.wake(actor_topic(actor_id))
    for each in await unit.accounts.live_sessions(actor_id, at):
        unit.wake(session_topic(each.key))


@dataclass(frozen=True, slots=True)
class _Live:
    """A live session: whose, and what the operator's identity provider said where it came by that.

    Its word makes an operator of that session alone, until a moment.
    """

    actor_id: str
    came_by_issuer: bool
    operator_until: datetime | None


class Callers:
    """Who the caller of a session is, by its key: the actor with the rights of the moment; nobody once it ended."""

    def __init__(self, core: Core) -> None:
        self._actors, self._clock = core.actors, core.clock
        self._sessions = Remembered(core, session_topic, _live)

    async def find(self, session_key: str, *, anew: bool = False) -> Actor | None:
        """The actor of a live session. `anew` reads both whatever is remembered."""
        session = await self._sessions.find(session_key, anew=anew)
        actor = None if session is None else await self._actors.find(session.actor_id, anew=anew)
        if actor is None or session is None or not session.came_by_issuer:
            return actor
        is_named = session.operator_until is not None and self._clock.now() < session.operator_until
        return dataclasses.replace(actor, is_operator=actor.is_operator or is_named, came_by_issuer=True)


async def _live(unit: UnitOfWork, session_key: str, _now: datetime) -> _Live | None:
    session = await unit.accounts.session(session_key)
    if session is None or session.ended_at is not None:
        return None
    came = await unit.issuer_accounts.session(session_key)
    return _Live(session.actor_id, came is not None, came.operator_until if came else None)
