"""A person's one-time password: switched on by a first code, switched off by the password and a code."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from gateway.domain.errors import AccessError, Problem, RequestError
from gateway.domain.one_time_passwords import Proof, new_recovery_codes, recovery_digest
from gateway.domain.parties import Caller
from gateway.domain.security import SecurityEventKind as Kind
from gateway.ports import Attempt, Storage, UnitOfWork
from gateway.ports.mails import MailKind
from gateway.ports.registrations import SealBroken, Sealing
from gateway.ports.sign_in import OneTimePassword, Profile
from gateway.usecases.attempts import count_try
from gateway.usecases.core import Core
from gateway.usecases.mails import tell_by_mail
from gateway.usecases.proving import field_of, refusal_of, step_of
from gateway.usecases.sessions import SessionRules, note_refusal, tell, wake_all

PENDING_LIFETIME = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Enrolment:
    """A secret that waits for its first code: for the authenticator, and shown this once."""

    secret: str
    uri: str


@dataclass(frozen=True, slots=True)
class State:
    """How a person's one-time password stands."""

    is_on: bool
    is_required: bool
    recovery_codes_left: int


def signed_in_actor(caller: Caller) -> str:
    """The id of who is signed in. Raises: AccessError UNAUTHENTICATED."""
    if caller.actor is None or caller.session_key is None:
        raise AccessError(Problem("UNAUTHENTICATED"))
    return caller.actor.id


async def check_password(core: Core, rules: SessionRules, actor_id: str, password: str, field: str) -> Profile:
    """The account, whose password that is. Who has somebody's session does not guess it.

    Raises: RequestError INVALID_PASSWORD at the field; RATE_LIMITED with `seconds`; BUSY.
    """
    await count_try(rules.attempts, Attempt.PASSWORD_CHECK, actor_id)
    async with core.storage.reading() as unit:
        profile = await unit.accounts.profile(actor_id)
    is_right = await rules.passwords.is_right(password, profile.password_hash if profile else None)
    if profile is None or not is_right:
        note_refusal(core, Kind.PASSWORD_CHECK_REFUSED, "WRONG_PASSWORD", actor_id)
        raise RequestError.at("INVALID_PASSWORD", field)
    await rules.attempts.forget(Attempt.PASSWORD_CHECK, actor_id)
    return profile


async def count_change(rules: SessionRules, actor_id: str) -> None:
    """Each is mailed to whom the account says, which nobody verified. Raises: RequestError RATE_LIMITED."""
    await count_try(rules.attempts, Attempt.ACCOUNT_CHANGE, actor_id)


async def state_of(core: Core, rules: SessionRules, caller: Caller) -> State:
    """How the caller's stands. Raises: AccessError for nobody."""
    actor_id = signed_in_actor(caller)
    async with core.storage.reading() as unit:
        actor = await unit.accounts.actor(actor_id)
        left = await unit.one_time_passwords.recovery_codes_left(actor_id)
    is_required = actor is not None and rules.requirement.concerns(actor)
    return State(actor is not None and actor.has_one_time_password, is_required, left)


async def begin_enrolment(core: Core, rules: SessionRules, caller: Caller, password: str) -> Enrolment:
    """A new secret, good for half an hour; it counts once a first code has confirmed it. Again: another one.

    Raises: RequestError INVALID_PASSWORD at `password`, ALREADY_ON, RATE_LIMITED, BUSY; AccessError for nobody.
    """
    actor_id, now = signed_in_actor(caller), core.clock.now()
    profile = await check_password(core, rules, actor_id, password, "password")
    secret = rules.codes.new_secret()
    sealed = core.onboarding.sealing.seal(secret)
    async with core.storage.writing() as unit:
        if not await unit.one_time_passwords.put_pending(OneTimePassword(actor_id, sealed, now)):
            raise RequestError.at("ALREADY_ON")
    return Enrolment(secret, rules.codes.uri(secret, profile.username))


async def confirm_enrolment(core: Core, rules: SessionRules, caller: Caller, code: str, locale: str) -> tuple[str, ...]:
    """Switches it on by its first code; returns the recovery codes, which are shown this once.

    Raises: RequestError NOT_BEGUN, ALREADY_ON; INVALID_ONE_TIME_CODE at `oneTimeCode`; RATE_LIMITED; AccessError.
    """
    actor_id, now = signed_in_actor(caller), core.clock.now()
    await _count_code(rules, actor_id)
    async with core.storage.reading() as unit:
        pending = await unit.one_time_passwords.get(actor_id)
    if pending is None or now - pending.created_at >= PENDING_LIFETIME:
        raise RequestError.at("ALREADY_ON" if pending and pending.confirmed_at else "NOT_BEGUN")
    step = step_of(core, rules, pending, code, now)
    if step is None:
        note_refusal(core, Kind.ONE_TIME_CODE_REFUSED, "WRONG", actor_id)
        raise RequestError.at("INVALID_ONE_TIME_CODE", "oneTimeCode")
    await count_change(rules, actor_id)
    codes = new_recovery_codes()
    async with core.storage.writing() as unit:
        if not await unit.one_time_passwords.confirm(actor_id, pending.sealed_secret, step, now):
            raise RequestError.at("ALREADY_ON")
        await unit.one_time_passwords.set_recovery_codes(actor_id, [recovery_digest(each) for each in codes])
        await _changed(unit, core, actor_id, MailKind.ONE_TIME_PASSWORD_ON, locale, caller.address)
    await rules.attempts.forget(Attempt.ONE_TIME_CODE, actor_id)
    return codes


async def end_enrolment(
    core: Core, rules: SessionRules, caller: Caller, password: str, proof: Proof, locale: str
) -> None:
    """Switches it off, and ends its recovery codes.

    Raises: RequestError INVALID_PASSWORD, INVALID_ONE_TIME_CODE or INVALID_RECOVERY_CODE at their fields; NOT_ON;
    ONE_TIME_PASSWORD_REQUIRED where the operator has everyone like the caller have one; RATE_LIMITED; AccessError.
    """
    actor_id = signed_in_actor(caller)
    if (await state_of(core, rules, caller)).is_required:
        raise RequestError.at("ONE_TIME_PASSWORD_REQUIRED")
    await _proven(core, rules, actor_id, password)
    await count_change(rules, actor_id)
    async with core.storage.writing() as unit:
        problem = await _unproven(unit, core, rules, actor_id, proof)
        if problem is None:
            await unit.one_time_passwords.remove(actor_id)
            await unit.one_time_passwords.end_challenges(actor_id)
            await _changed(unit, core, actor_id, MailKind.ONE_TIME_PASSWORD_OFF, locale, caller.address)
    await _settle(rules, actor_id, problem)


async def renew_recovery_codes(
    core: Core, rules: SessionRules, caller: Caller, password: str, proof: Proof
) -> tuple[str, ...]:
    """New recovery codes in place of those that were there. Raises: as `end_enrolment`."""
    actor_id = signed_in_actor(caller)
    await _proven(core, rules, actor_id, password)
    codes, now = new_recovery_codes(), core.clock.now()
    async with core.storage.writing() as unit:
        problem = await _unproven(unit, core, rules, actor_id, proof)
        if problem is None:
            await unit.one_time_passwords.set_recovery_codes(actor_id, [recovery_digest(each) for each in codes])
            await tell(unit, Kind.RECOVERY_CODES_RENEWED, now, actor_id, caller.address)
    await _settle(rules, actor_id, problem)
    return codes


async def _proven(core: Core, rules: SessionRules, actor_id: str, password: str) -> None:
    await check_password(core, rules, actor_id, password, "password")
    await _count_code(rules, actor_id)


async def _count_code(rules: SessionRules, actor_id: str) -> None:
    await count_try(rules.attempts, Attempt.ONE_TIME_CODE, actor_id)


async def _unproven(unit: UnitOfWork, core: Core, rules: SessionRules, actor_id: str, proof: Proof) -> Problem | None:
    await unit.accounts.profile(actor_id, lock=True)
    one_time = await unit.one_time_passwords.get(actor_id)
    if one_time is None or one_time.confirmed_at is None:
        return Problem("NOT_ON")
    if await refusal_of(unit, core, rules, actor_id, proof, "") is None:
        return None
    code = "INVALID_ONE_TIME_CODE" if proof.recovery_code is None else "INVALID_RECOVERY_CODE"
    return Problem(code, (field_of(proof),))


async def _settle(rules: SessionRules, actor_id: str, problem: Problem | None) -> None:
    if problem is not None:
        raise RequestError(problem)
    await rules.attempts.forget(Attempt.ONE_TIME_CODE, actor_id)


async def _changed(unit: UnitOfWork, core: Core, actor_id: str, kind: MailKind, locale: str, address: str) -> None:
    now: datetime = core.clock.now()
    await wake_all(unit, actor_id, now)
    recorded = Kind.ONE_TIME_PASSWORD_ON if kind is MailKind.ONE_TIME_PASSWORD_ON else Kind.ONE_TIME_PASSWORD_OFF
    await tell(unit, recorded, now, actor_id, address)
    profile = await unit.accounts.profile(actor_id)
    if profile is not None:
        await tell_by_mail(unit, core, profile, kind, locale)


async def reseal_secrets(storage: Storage, sealing: Sealing) -> None:
    """Seals what an older key has sealed by the newest one. One that no key opens stays as it is."""
    async with storage.writing() as unit:
        for actor_id, sealed in await unit.one_time_passwords.sealed_secrets():
            try:
                renewed = sealing.resealed(sealed)
            except SealBroken:
                continue
            if renewed is not None:
                await unit.one_time_passwords.reseal(actor_id, sealed, renewed)


async def unopened_secrets(storage: Storage, sealing: Sealing) -> int:
    """How many secrets it does not open."""
    count = 0
    async with storage.reading() as unit:
        for _, sealed in await unit.one_time_passwords.sealed_secrets():
            try:
                sealing.unseal(sealed)
            except SealBroken:
                count += 1
    return count
