"""Signing in by the operator's own identity provider: first accounts, links, one-time codes, and its logouts."""

import dataclasses
import hmac
import json
import secrets
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256

from uuid_utils import uuid7

from gateway.domain.credentials import NO_PASSWORD
from gateway.domain.errors import AccessError, GatewayError, Problem, RequestError
from gateway.domain.identity import own_id
from gateway.domain.issuer import IssuerSignIn, IssuerSubject, first_customer_name, first_username, with_suffix
from gateway.domain.parties import Caller, CustomerKind
from gateway.domain.security import NewSecurityEvent, SecurityEventKind
from gateway.ports import NewAccount, UnitOfWork
from gateway.ports.issuer import IssuerSession, SignInCode
from gateway.ports.mails import MailKind
from gateway.ports.registrations import SealBroken
from gateway.usecases.core import Core
from gateway.usecases.mails import tell_by_mail
from gateway.usecases.one_time_passwords import count_change
from gateway.usecases.security_telling import only_customer_of
from gateway.usecases.sessions import SessionRules, SignedIn, end, new_session
from gateway.usecases.sign_in import Origin

CODE_LIFETIME = timedelta(seconds=60)
OPERATOR_FOR = timedelta(hours=12)
"""How long the issuer's claim makes an operator: then one signs in again, and the claim is read anew."""
_NAMES_TRIED = 5


class FirstSignIn(StrEnum):
    """What happens to who signs in for the first time, and is linked to no account."""

    CUSTOMER = "customer"
    """An account that manages a new customer, as sign-up makes."""
    ACCOUNT = "account"
    """An account without a customer: somebody invites it."""
    REFUSED = "refused"
    """Nothing: they sign in by a password, and link the identity."""


@dataclass(frozen=True, slots=True)
class IssuerLogout:
    """What a checked logout token said; a subject, a `sid`, or both."""

    issuer: str
    jti: str
    subject: str | None
    sid: str | None
    expires_at: datetime


class _Overtaken(GatewayError):
    """Another request has linked the same identity meanwhile, or erased whom it was linked to."""


def _digest(code: str) -> str:
    return sha256(code.encode(errors="replace")).hexdigest()


async def sign_in_by_issuer(
    core: Core, rules: SessionRules, first: FirstSignIn, asked: IssuerSignIn, origin: Origin
) -> SignedIn:
    """A new session of the account that is linked to it; at the first time of a new account, as `first` says.

    Never of an account that merely has the same name or e-mail address: whoever can choose those at the issuer would
    get it. Raises: RequestError ACCOUNT_REQUIRED.
    """
    try:
        async with core.storage.writing() as unit:
            return await _signed_in(core, unit, rules, first, asked, origin)
    except _Overtaken:  # by the same person's other tab: now the account is there, or gone with its link
        async with core.storage.writing() as unit:
            return await _signed_in(core, unit, rules, first, asked, origin)


async def _signed_in(
    core: Core, unit: UnitOfWork, rules: SessionRules, first: FirstSignIn, asked: IssuerSignIn, origin: Origin
) -> SignedIn:
    now = core.clock.now()
    known = await unit.issuer_accounts.actor_of(asked.who)
    # Held, so that nothing of a person comes back who is being erased in this moment.
    if known is not None and await unit.accounts.profile(known, lock=True) is None:
        raise _Overtaken
    actor_id = known or await _new_account(unit, first, asked, now)
    told = {"by": "issuer", **({"as": "operator"} if asked.is_operator else {})}
    signed_in = await new_session(unit, rules, actor_id, origin.device, now, origin.limit_key, **told)
    await unit.issuer_accounts.keep_session(
        IssuerSession(
            signed_in.session_key,
            asked.who,
            asked.sid,
            core.onboarding.sealing.seal(asked.id_token),
            now + OPERATOR_FOR if asked.is_operator else None,
        )
    )
    return signed_in


async def _record(unit: UnitOfWork, kind: SecurityEventKind, at: datetime, actor_id: str | None, **params: str) -> None:
    """`params` may have the network `address`, which stands apart so that it can be erased."""
    address = params.pop("address", "") or None
    customer_id = await only_customer_of(unit, actor_id) if actor_id else None
    await unit.security_events.record(
        NewSecurityEvent(kind, at, actor_id, customer_id, actor_id, params, address=address)
    )


async def _new_account(unit: UnitOfWork, first: FirstSignIn, asked: IssuerSignIn, now: datetime) -> str:
    if first is FirstSignIn.REFUSED:
        raise RequestError.at("ACCOUNT_REQUIRED")
    actor_id, wanted = own_id("Actor", str(uuid7())), first_username(asked)
    others = (with_suffix(wanted, secrets.token_hex(4)) for _ in range(_NAMES_TRIED))
    for username in (wanted, *others):
        if await unit.accounts.add(_account(actor_id, username, first, asked, now)):
            break
    else:
        raise RequestError.at("BUSY")
    if not await unit.issuer_accounts.link(asked.who, actor_id, now):
        raise _Overtaken
    await _record(unit, SecurityEventKind.SIGNED_UP, now, actor_id, by="issuer")
    await _record(unit, SecurityEventKind.IDENTITY_LINKED, now, actor_id)
    return actor_id


def _account(actor_id: str, username: str, first: FirstSignIn, asked: IssuerSignIn, now: datetime) -> NewAccount:
    customer_id = own_id("Customer", str(uuid7())) if first is FirstSignIn.CUSTOMER else None
    name = first_customer_name(asked, username)
    return NewAccount(
        actor_id, customer_id, username, NO_PASSWORD, asked.email, name, CustomerKind.HOUSEHOLD, now
    )  # fmt: skip


async def keep_code(core: Core, asked: IssuerSignIn, challenge: str) -> str:
    """A code for an app that keeps no cookies: whoever has the verifier of the challenge redeems it, once, in a minute.

    Nothing else has happened yet: no account is made, no session begun.
    """
    code, now = secrets.token_urlsafe(32), core.clock.now()
    sealed = core.onboarding.sealing.seal(json.dumps(dataclasses.asdict(asked)))
    kept = SignInCode(_digest(code), challenge, asked.who, asked.sid, sealed, now + CODE_LIFETIME)
    async with core.storage.writing() as unit:
        await unit.issuer_accounts.keep_code(kept, now)
    return code


async def sign_in_by_code(
    core: Core, rules: SessionRules, first: FirstSignIn, code: str, verifier: str, origin: Origin
) -> SignedIn:
    """A new session by such a code, as `sign_in_by_issuer`. Raises: RequestError INVALID_CODE, ACCOUNT_REQUIRED."""
    try:
        found = await _sign_in_by_code(core, rules, first, code, verifier, origin)
    except _Overtaken:
        found = await _sign_in_by_code(core, rules, first, code, verifier, origin)
    if found is None:
        raise RequestError.at("INVALID_CODE", "code")
    return found


async def _sign_in_by_code(
    core: Core, rules: SessionRules, first: FirstSignIn, code: str, verifier: str, origin: Origin
) -> SignedIn | None:
    # A wrong verifier is no error here: the code is gone all the same.
    async with core.storage.writing() as unit:
        asked = await _redeemed(core, unit, code, verifier)
        return await _signed_in(core, unit, rules, first, asked, origin) if asked else None


async def _redeemed(core: Core, unit: UnitOfWork, code: str, verifier: str) -> IssuerSignIn | None:
    kept = await unit.issuer_accounts.take_code(_digest(code))
    if kept is None or kept.expires_at <= core.clock.now():
        return None
    challenge = urlsafe_b64encode(sha256(verifier.encode(errors="replace")).digest()).decode().rstrip("=")
    if not hmac.compare_digest(challenge, kept.challenge):
        return None
    try:
        said = json.loads(core.onboarding.sealing.unseal(kept.sign_in))
    except SealBroken:  # the key was changed within the minute
        return None
    return IssuerSignIn(**{**said, "who": kept.who})


async def link_by_code(core: Core, rules: SessionRules, caller: Caller, code: str, verifier: str, locale: str) -> None:
    """Links the caller's account to the identity of such a code, and has that told by mail; again is harmless.

    Raises: RequestError INVALID_CODE, IDENTITY_TAKEN, ALREADY_LINKED, RATE_LIMITED; AccessError UNAUTHENTICATED.
    """
    actor_id = _signed_in_actor(caller)
    async with core.storage.writing() as unit:
        asked = await _redeemed(core, unit, code, verifier)
        problem = await _linked(core, unit, rules, asked.who, actor_id, locale) if asked else "INVALID_CODE"
    if problem:
        raise RequestError.at(problem, "code")


async def link_session(core: Core, rules: SessionRules, session_key: str, who: IssuerSubject, locale: str) -> None:
    """Links the account of that session, which must still be live, as `link_by_code` does.

    Raises: RequestError IDENTITY_TAKEN, ALREADY_LINKED, RATE_LIMITED; AccessError UNAUTHENTICATED.
    """
    now = core.clock.now()
    async with core.storage.writing() as unit:
        session = await unit.accounts.session(session_key)
        if session is None or session.ended_at is not None or session.expires_at <= now:
            raise AccessError(Problem("UNAUTHENTICATED"))
        if problem := await _linked(core, unit, rules, who, session.actor_id, locale):
            raise RequestError.at(problem)


async def _linked(
    core: Core, unit: UnitOfWork, rules: SessionRules, who: IssuerSubject, actor_id: str, locale: str
) -> str | None:
    """The code of what is in the way; None where they are linked now.

    A link outlives the session that made it, and a password that is changed: whose account it is learns of it.
    """
    now = core.clock.now()
    if await unit.issuer_accounts.link(who, actor_id, now):
        await count_change(rules, actor_id)
        await _record(unit, SecurityEventKind.IDENTITY_LINKED, now, actor_id)
        profile = await unit.accounts.profile(actor_id)
        if profile is not None:
            await tell_by_mail(unit, core, profile, MailKind.IDENTITY_LINKED, locale)
        return None
    owner = await unit.issuer_accounts.actor_of(who)
    if owner == actor_id:
        return None
    return "IDENTITY_TAKEN" if owner else "ALREADY_LINKED"


async def unlink(core: Core, caller: Caller, issuer: str) -> None:
    """Ends the link of the caller's account, and every session that came by it but the caller's own.

    Raises: RequestError NOT_LINKED; LAST_SIGN_IN for an account without a password; AccessError UNAUTHENTICATED.
    """
    actor_id, now = _signed_in_actor(caller), core.clock.now()
    async with core.storage.writing() as unit:
        who = await unit.issuer_accounts.linked(actor_id, issuer)
        if who is None:
            raise RequestError.at("NOT_LINKED")
        actor = await unit.accounts.actor(actor_id)
        known = await unit.accounts.credentials(actor.username) if actor else None
        if known is None or known.password_hash == NO_PASSWORD:
            raise RequestError.at("LAST_SIGN_IN")
        await unit.issuer_accounts.unlink(who)
        await _record(unit, SecurityEventKind.IDENTITY_UNLINKED, now, actor_id)
        await _end_all(unit, who.issuer, who.subject, None, now, but=caller.session_key)


async def end_by_issuer(core: Core, logout: IssuerLogout) -> int:
    """Ends at once the sessions that a logout token is about, and what is open of them; returns how many.

    Raises: RequestError REPLAYED for a token that came before.
    """
    now = core.clock.now()
    async with core.storage.writing() as unit:
        if not await unit.issuer_accounts.note_logout(logout.issuer, logout.jti, logout.expires_at, now):
            raise RequestError.at("REPLAYED")
        whose = await unit.issuer_accounts.actor_of(IssuerSubject(logout.issuer, logout.subject or ""))
        ended = await _end_all(unit, logout.issuer, logout.subject, logout.sid, now)
        await _record(unit, SecurityEventKind.ISSUER_LOGOUT, now, whose, sessions=str(ended))
        return ended


async def _end_all(
    unit: UnitOfWork, issuer: str, subject: str | None, sid: str | None, at: datetime, but: str | None = None
) -> int:
    keys = [key for key in await unit.issuer_accounts.open_sessions(issuer, subject, sid) if key != but]
    for key in keys:
        session = await unit.accounts.session(key)
        if session is not None and session.ended_at is None:
            await end(unit, session, at, "ISSUER")
    await unit.issuer_accounts.drop_codes(issuer, subject, sid)
    return len(keys)


async def id_token_of(core: Core, session_key: str) -> str | None:
    """The ID token that the session came by; empty where it can't be read any more, None where there was none."""
    async with core.storage.reading() as unit:
        came = await unit.issuer_accounts.session(session_key)
    if came is None:
        return None
    try:
        return core.onboarding.sealing.unseal(came.id_token or "")
    except SealBroken:
        return ""


def _signed_in_actor(caller: Caller) -> str:
    if caller.actor is None:
        raise AccessError(Problem("UNAUTHENTICATED"))
    return caller.actor.id
