"""Passwords: changed by who knows the present one, and set anew by who gets the account's mail."""

import secrets
from datetime import timedelta

from uuid_utils import uuid7

from gateway.domain.credentials import email_problem, password_problem, username_problem
from gateway.domain.errors import Problem, RequestError
from gateway.domain.parties import Caller
from gateway.domain.security import SecurityEventKind as Kind
from gateway.ports import Attempt, UnitOfWork
from gateway.ports.mails import MailKind
from gateway.ports.sign_in import PasswordReset, Profile, ResetRequest
from gateway.usecases.attempts import count_try
from gateway.usecases.core import Core
from gateway.usecases.mails import TOPIC, tell_by_mail
from gateway.usecases.one_time_passwords import check_password, count_change, signed_in_actor
from gateway.usecases.sessions import SessionRules, end_all, note_refusal, tell, token_digest

RESET_LIFETIME = timedelta(minutes=30)
_AT_ONCE = 20


async def change_password(
    core: Core, rules: SessionRules, caller: Caller, old_password: str, password: str, locale: str
) -> None:
    """Sets another password, and ends every other session.

    Raises: RequestError INVALID_PASSWORD at `oldPassword`; TOO_SHORT, TOO_LONG, INVALID_FORMAT, TOO_COMMON at
    `password`; RATE_LIMITED; BUSY; AccessError for nobody.
    """
    actor_id = signed_in_actor(caller)
    profile = await check_password(core, rules, actor_id, old_password, "oldPassword")
    if problem := password_problem(password, profile.username):
        raise RequestError(problem)
    await count_change(rules, actor_id)
    password_hash = await rules.passwords.hash(password)
    async with core.storage.writing() as unit:
        held = await unit.accounts.profile(actor_id, lock=True)
        if held is None or held.password_hash != profile.password_hash:
            raise RequestError.at("INVALID_PASSWORD", "oldPassword")
        kept = (caller.session_key or "",)
        await _set(unit, core, held, password_hash, locale, kept)
        await tell(unit, Kind.PASSWORD_CHANGED, core.clock.now(), actor_id, caller.address)


async def ask_reset(
    core: Core, rules: SessionRules, limit_key: str, username: str | None, email: str | None, locale: str
) -> None:
    """Keeps the request, whoever it is about: this takes the same for an account and for none.

    Raises: RequestError RATE_LIMITED with `seconds` for the address.
    """
    await count_try(rules.attempts, Attempt.RESET_ADDRESS, limit_key)
    request = ResetRequest(
        str(uuid7()),
        None if username is None or username_problem(username) else username,
        None if email is None or email_problem(email) else email,
        locale,
        core.clock.now(),
    )
    async with core.storage.writing() as unit:
        await unit.password_resets.ask(request)
        unit.wake(TOPIC)


async def answer_requests(core: Core, rules: SessionRules) -> None:
    """Makes a token and a mail of each request that is about an account with an address and a password."""
    async with core.storage.reading() as unit:
        asked = await unit.password_resets.asked(_AT_ONCE)
    for request in asked:
        await _answer(core, rules, request)


async def _answer(core: Core, rules: SessionRules, request: ResetRequest) -> None:
    async with core.storage.reading() as unit:
        actor_id = await _meant(unit, request)
    # So many mails an account gets, whoever asks for them.
    is_open = actor_id is not None and await rules.attempts.count(Attempt.RESET_ACCOUNT, actor_id)
    async with core.storage.writing() as unit:
        if not await unit.password_resets.done(request.key):
            return
        profile = await unit.accounts.profile(actor_id, lock=True) if actor_id else None
        if profile is not None:
            outcome = await _issue(unit, core, profile, request.locale) if is_open else "TOO_OFTEN"
            await tell(unit, Kind.PASSWORD_RESET_ASKED, core.clock.now(), profile.actor_id, outcome=outcome)


async def _meant(unit: UnitOfWork, request: ResetRequest) -> str | None:
    if request.username is not None:
        known = await unit.accounts.credentials(request.username)
        return known.actor_id if known else None
    return await unit.accounts.id_by_email(request.email) if request.email else None


async def _issue(unit: UnitOfWork, core: Core, profile: Profile, locale: str) -> str:
    """The outcome's code. Who signs in elsewhere has no password here, and gets none."""
    if not profile.password_hash:
        return "NO_PASSWORD"
    if profile.email is None:
        return "NO_ADDRESS"
    token, now = secrets.token_urlsafe(32), core.clock.now()
    await unit.password_resets.put(PasswordReset(token_digest(token), profile.actor_id, now, now + RESET_LIFETIME))
    minutes = str(int(RESET_LIFETIME.total_seconds() // 60))
    kind = MailKind.PASSWORD_RESET
    await tell_by_mail(unit, core, profile, kind, locale, RESET_LIFETIME, token=token, minutes=minutes)
    return "SENT"


async def set_password(core: Core, rules: SessionRules, limit_key: str, token: str, password: str, locale: str) -> None:
    """Sets the password of the token's account, and ends all its sessions. Its one-time password stays.

    A token is good once; a password that is refused does not use it up. Raises: RequestError INVALID_RESET_TOKEN at
    `token` for one that is unknown, used or over; TOO_SHORT, TOO_LONG, INVALID_FORMAT, TOO_COMMON at `password`;
    RATE_LIMITED; BUSY.
    """
    if seconds := await rules.attempts.wait_s(Attempt.SIGN_IN_ADDRESS, limit_key):
        raise RequestError.at("RATE_LIMITED", seconds=str(seconds))
    digest, now = token_digest(token), core.clock.now()
    async with core.storage.reading() as unit:
        reset = await unit.password_resets.get(digest)
        profile = await unit.accounts.profile(reset.actor_id) if reset and now < reset.expires_at else None
    if profile is None:
        await rules.attempts.count(Attempt.SIGN_IN_ADDRESS, limit_key)
        raise _bad_token(core, limit_key)
    if problem := password_problem(password, profile.username):
        raise RequestError(problem)
    password_hash = await rules.passwords.hash(password)
    async with core.storage.writing() as unit:
        held = await unit.accounts.profile(profile.actor_id, lock=True)
        if held is None or not await unit.password_resets.use(digest):
            raise _bad_token(core, limit_key)
        await _set(unit, core, held, password_hash, locale, ())
        await tell(unit, Kind.PASSWORD_RESET, core.clock.now(), held.actor_id, limit_key)
    await rules.attempts.forget(Attempt.SIGN_IN_ACCOUNT, held.username.casefold()[:64])


def _bad_token(core: Core, limit_key: str) -> RequestError:
    note_refusal(core, Kind.PASSWORD_RESET_REFUSED, "TOKEN", None, limit_key)
    return RequestError(Problem("INVALID_RESET_TOKEN", ("token",)))


async def _set(
    unit: UnitOfWork, core: Core, profile: Profile, password_hash: str, locale: str, kept: tuple[str, ...]
) -> None:
    """What every change of a password does; sign-ins that wait for a code, and resets, end with the earlier one."""
    actor_id = profile.actor_id
    await unit.accounts.set_password(actor_id, password_hash)
    await unit.password_resets.end(actor_id)
    await unit.one_time_passwords.end_challenges(actor_id)
    await end_all(unit, actor_id, core.clock.now(), "PASSWORD_CHANGED", kept)
    await tell_by_mail(unit, core, profile, MailKind.PASSWORD_CHANGED, locale)
