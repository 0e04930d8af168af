"""Signing in: by a password, and by a one-time code where the account has one."""

import secrets
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from gateway.domain.credentials import username_problem
from gateway.domain.errors import Problem, RequestError
from gateway.domain.one_time_passwords import Proof
from gateway.domain.security import SecurityEventKind as Kind
from gateway.domain.sessions import Device
from gateway.ports import Attempt, Credentials, UnitOfWork
from gateway.ports.sign_in import Challenge
from gateway.usecases.core import Core
from gateway.usecases.proving import field_of, refusal_of
from gateway.usecases.sessions import SessionRules, SignedIn, must_enrol, new_session, note_refusal, token_digest

CHALLENGE_LIFETIME = timedelta(minutes=5)
CHALLENGE_ATTEMPTS = 5


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a request comes from. Attempts are counted by `limit_key`: a network address, or a subscriber's network."""

    limit_key: str
    device: Device


@dataclass(frozen=True, slots=True)
class _Attempting:
    """One sign-in, with what it goes by."""

    core: Core
    rules: SessionRules
    origin: Origin
    now: datetime


async def sign_in(
    core: Core, rules: SessionRules, origin: Origin, username: str, password: str, code: str | None = None
) -> SignedIn:
    """A new session.

    A wrong password, an unknown name and a locked account go the same way and take the same work. With the right
    password, an account that has a one-time password needs a code too: without one a challenge waits for it.
    Raises: RequestError INVALID_CREDENTIALS; ONE_TIME_CODE_REQUIRED with `challenge` and `seconds`;
    INVALID_ONE_TIME_CODE at `oneTimeCode`; RATE_LIMITED with `seconds` for the address; BUSY.
    """
    trying = _Attempting(core, rules, origin, core.clock.now())
    await _check_address(trying)
    known = await _with_password(trying, username, password)
    is_outdated = rules.passwords.is_outdated(known.password_hash)
    stronger = await rules.passwords.hash(password) if is_outdated else None
    # Counted before it is known to be wrong: many at once get no further than one after the other.
    is_open = code is None or await rules.attempts.count(Attempt.ONE_TIME_CODE, known.actor_id)
    proof = None if code is None else Proof(code if is_open else "")
    async with core.storage.writing() as unit:
        outcome = await _begun(unit, trying, known, stronger, proof)
    return await _settled(trying, outcome, username, known.actor_id)


async def _check_address(trying: _Attempting) -> None:
    if seconds := await trying.rules.attempts.wait_s(Attempt.SIGN_IN_ADDRESS, trying.origin.limit_key):
        note_refusal(trying.core, Kind.SIGN_IN_REFUSED, "ADDRESS_LOCKED", None, trying.origin.limit_key)
        raise RequestError.at("RATE_LIMITED", seconds=str(seconds))


async def _with_password(trying: _Attempting, username: str, password: str) -> Credentials:
    rules = trying.rules
    is_open = await rules.attempts.count(Attempt.SIGN_IN_ACCOUNT, username.casefold()[:64])
    known = await _credentials(trying.core, username)
    is_right = await rules.passwords.is_right(password, known.password_hash if known and is_open else None)
    if known is None or not is_right:
        await rules.attempts.count(Attempt.SIGN_IN_ADDRESS, trying.origin.limit_key)
        reason = "UNKNOWN_NAME" if known is None else "WRONG_PASSWORD" if is_open else "LOCKED"
        actor_id = known.actor_id if known else None
        note_refusal(trying.core, Kind.SIGN_IN_REFUSED, reason, actor_id, trying.origin.limit_key)
        raise RequestError.at("INVALID_CREDENTIALS")
    return known


async def _credentials(core: Core, username: str) -> Credentials | None:
    if username_problem(username):
        return None
    async with core.storage.reading() as unit:
        return await unit.accounts.credentials(username)


async def _begun(
    unit: UnitOfWork, trying: _Attempting, known: Credentials, stronger: str | None, proof: Proof | None
) -> SignedIn | Problem:
    profile = await unit.accounts.profile(known.actor_id, lock=True)
    if profile is None or profile.password_hash != known.password_hash:
        # Whoever has just set another password has ended what the earlier one opens.
        return Problem("INVALID_CREDENTIALS")
    if stronger:
        await unit.accounts.set_password(known.actor_id, stronger)
    one_time = await unit.one_time_passwords.get(known.actor_id)
    if one_time is not None and one_time.confirmed_at is not None:
        if proof is None:
            return await _challenge(unit, trying, known.actor_id)
        if await refusal_of(unit, trying.core, trying.rules, known.actor_id, proof, trying.origin.limit_key):
            return Problem("INVALID_ONE_TIME_CODE", (field_of(proof),))
    return await _new(unit, trying, known.actor_id)


async def _new(unit: UnitOfWork, trying: _Attempting, actor_id: str) -> SignedIn:
    origin = trying.origin
    begun = await new_session(unit, trying.rules, actor_id, origin.device, trying.now, origin.limit_key)
    return replace(begun, must_enrol=await must_enrol(unit, trying.rules, actor_id, begun.session_key))


async def _challenge(unit: UnitOfWork, trying: _Attempting, actor_id: str) -> Problem:
    token, until = secrets.token_urlsafe(32), trying.now + CHALLENGE_LIFETIME
    challenge = Challenge(token_digest(token), actor_id, trying.origin.limit_key, trying.now, until)
    await unit.one_time_passwords.add_challenge(challenge)
    params = {"challenge": token, "seconds": str(int(CHALLENGE_LIFETIME.total_seconds()))}
    return Problem("ONE_TIME_CODE_REQUIRED", None, params)


async def answer_challenge(core: Core, rules: SessionRules, origin: Origin, token: str, proof: Proof) -> SignedIn:
    """The session that a sign-in waited for. A challenge is good once, for five tries, at the address that got it.

    Raises: RequestError INVALID_CHALLENGE for one that is unknown, over, or another address's; INVALID_ONE_TIME_CODE or
    INVALID_RECOVERY_CODE; RATE_LIMITED with `seconds` for the address.
    """
    trying = _Attempting(core, rules, origin, core.clock.now())
    await _check_address(trying)
    digest = token_digest(token)
    async with core.storage.reading() as unit:
        found = await unit.one_time_passwords.challenge(digest)
        profile = await unit.accounts.profile(found.actor_id) if found else None
    if found is None or profile is None:
        await rules.attempts.count(Attempt.SIGN_IN_ADDRESS, origin.limit_key)
        raise RequestError.at("INVALID_CHALLENGE")
    is_open = await rules.attempts.count(Attempt.ONE_TIME_CODE, found.actor_id)
    async with core.storage.writing() as unit:
        outcome = await _answered(unit, trying, found, proof if is_open else Proof(""))
    return await _settled(trying, outcome, profile.username, found.actor_id)


async def _answered(unit: UnitOfWork, trying: _Attempting, found: Challenge, proof: Proof) -> SignedIn | Problem:
    # The account first, as whoever changes it does: nobody waits for the other.
    await unit.accounts.profile(found.actor_id, lock=True)
    challenge = await unit.one_time_passwords.challenge(found.digest, lock=True)
    if challenge is None or not _is_open(challenge, trying):
        return Problem("INVALID_CHALLENGE")
    await unit.one_time_passwords.count_attempt(challenge.digest)
    if await refusal_of(unit, trying.core, trying.rules, found.actor_id, proof, trying.origin.limit_key):
        code = "INVALID_ONE_TIME_CODE" if proof.recovery_code is None else "INVALID_RECOVERY_CODE"
        return Problem(code, (field_of(proof),))
    await unit.one_time_passwords.end_challenge(challenge.digest)
    return await _new(unit, trying, found.actor_id)


def _is_open(challenge: Challenge, trying: _Attempting) -> bool:
    is_in_time = trying.now < challenge.expires_at and challenge.attempts < CHALLENGE_ATTEMPTS
    return is_in_time and challenge.address == trying.origin.limit_key


async def _settled(trying: _Attempting, outcome: SignedIn | Problem, username: str, actor_id: str) -> SignedIn:
    attempts = trying.rules.attempts
    if isinstance(outcome, Problem):
        if outcome.code != "ONE_TIME_CODE_REQUIRED":
            await attempts.count(Attempt.SIGN_IN_ADDRESS, trying.origin.limit_key)
        raise RequestError(outcome)
    await attempts.forget(Attempt.SIGN_IN_ACCOUNT, username.casefold()[:64])
    await attempts.forget(Attempt.ONE_TIME_CODE, actor_id)
    return outcome
