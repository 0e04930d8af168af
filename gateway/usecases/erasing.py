"""A person's account, or a closed customer, is erased: the ids stay and name nobody, and so do orders."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

from gateway.domain.errors import AccessError, Problem, RequestError
from gateway.domain.members import Member
from gateway.domain.one_time_passwords import Proof
from gateway.domain.parties import Caller
from gateway.domain.security import NewSecurityEvent
from gateway.domain.security import SecurityEventKind as Kind
from gateway.ports import Attempt, Clock, Storage, UnitOfWork
from gateway.ports.personal import Erasures
from gateway.ports.registrations import SealBroken, Sealing
from gateway.ports.sign_in import Profile
from gateway.usecases.attempts import count_try
from gateway.usecases.core import Core
from gateway.usecases.invitations import withdraw_those_of
from gateway.usecases.membership import MANAGER, wake_member
from gateway.usecases.one_time_passwords import check_password, signed_in_actor
from gateway.usecases.proving import field_of, refusal_of
from gateway.usecases.sessions import SessionRules, wake_all

FRESH_SIGN_IN = timedelta(minutes=5)
"""How new the session must be of who has no password here: a sign-in at the identity provider proves as much."""
_ALL = datetime.max.replace(tzinfo=UTC)
_MAILS = 10_000


class Eraser(Protocol):
    """What erasing takes: `sealing` opens the mails that wait, to find the person's."""

    @property
    def storage(self) -> Storage: ...
    @property
    def clock(self) -> Clock: ...
    @property
    def sealing(self) -> Sealing: ...


@dataclass(frozen=True, slots=True)
class Erasing:
    """The same, of a gateway that runs."""

    storage: Storage
    clock: Clock
    sealing: Sealing


async def erase_own_account(core: Core, rules: SessionRules, caller: Caller, password: str | None, proof: Proof) -> str:
    """Erases the caller's account, and the closed customers that nobody else managed; returns the id, which stays.

    Raises: RequestError MISSING, INVALID_PASSWORD at `password`; SIGN_IN_AGAIN for who has none and signed in a while
    ago; MISSING, INVALID_ONE_TIME_CODE at `oneTimeCode`, INVALID_RECOVERY_CODE at `recoveryCode`; LAST_MANAGER with
    `customer` for each that would have no manager; RATE_LIMITED, BUSY; AccessError for nobody.
    """
    actor_id = signed_in_actor(caller)
    await _prove(core, rules, caller, actor_id, password)
    eraser = Erasing(core.storage, core.clock, core.onboarding.sealing)
    refused: str | None = None
    async with core.storage.writing() as unit:
        refused = await _second_refusal(unit, core, rules, actor_id, proof, caller.address)
        if refused is None and not await _erase(unit, eraser, actor_id, "OWNER"):
            raise AccessError(Problem("UNAUTHENTICATED"))
    if refused is not None:
        raise RequestError.at(*_refusal(refused, proof))
    await rules.attempts.forget(Attempt.ONE_TIME_CODE, actor_id)
    return actor_id


async def erase_account_of(eraser: Eraser, username: str) -> str:
    """As the operator; returns the id. Raises: RequestError NOT_FOUND, LAST_MANAGER."""
    async with eraser.storage.writing() as unit:
        known = await unit.accounts.credentials(username)
        if known is None or not await _erase(unit, eraser, known.actor_id, "OPERATOR"):
            raise RequestError.at("NOT_FOUND", "username")
    return known.actor_id


async def erase_own_customer(
    core: Core, rules: SessionRules, caller: Caller, customer_id: str, given: str | None
) -> None:
    """Erases a closed customer of which the caller was a manager; again is harmless. `given` is the password.

    Raises: RequestError MISSING, INVALID_PASSWORD at `password`, SIGN_IN_AGAIN; NOT_FOUND, NOT_CLOSED at `customerId`;
    RATE_LIMITED, BUSY; AccessError for nobody.
    """
    actor_id = signed_in_actor(caller)
    await _prove(core, rules, caller, actor_id, given)
    async with core.storage.writing() as unit:
        held = await unit.members.hold(customer_id)
        own = await unit.members.of_actor(customer_id, actor_id)
        if held is None or own is None or own.role is not MANAGER or caller.must_enrol:
            raise RequestError.at("NOT_FOUND", "customerId")
        if held.closed_at is None:
            raise RequestError.at("NOT_CLOSED", "customerId")
        await _erase_customer(unit, customer_id, core.clock.now(), "OWNER")


async def erase_again(eraser: Eraser, erasures: Erasures) -> int:
    """Erases whom the database, put back from an older copy, still has; returns how many. Raises: OSError."""
    count = 0
    for each in erasures.noted():
        async with eraser.storage.reading() as unit:
            is_there = await unit.accounts.actor(each) is not None or await unit.personal_data.keeps_customer(each)
        if is_there:
            count += await _again(eraser, each)
    return count


async def _again(eraser: Eraser, erased_id: str) -> int:
    async with eraser.storage.writing() as unit:
        if await unit.accounts.actor(erased_id) is not None:
            await _erase(unit, eraser, erased_id, "RESTORED", is_forced=True)
        else:
            now = eraser.clock.now()
            # It was closed when it was erased, whatever the older copy knows.
            await unit.members.close(erased_id, now)
            await _erase_customer(unit, erased_id, now, "RESTORED")
    return 1


async def _prove(core: Core, rules: SessionRules, caller: Caller, actor_id: str, password: str | None) -> None:
    async with core.storage.reading() as unit:
        profile = await unit.accounts.profile(actor_id)
        session = await unit.accounts.session(caller.session_key or "")
    if profile is not None and not profile.password_hash:
        if session is None or core.clock.now() - session.created_at > FRESH_SIGN_IN:
            raise RequestError.at("SIGN_IN_AGAIN")
        return
    if not password:
        raise RequestError.at("MISSING", "password")
    await check_password(core, rules, actor_id, password, "password")


async def _second_refusal(
    unit: UnitOfWork, core: Core, rules: SessionRules, actor_id: str, proof: Proof, address: str
) -> str | None:
    """Why the second proof is none, None where it is one or none is needed."""
    one_time = await unit.one_time_passwords.get(actor_id)
    if one_time is None or one_time.confirmed_at is None:
        return None
    if proof.one_time_code is None and proof.recovery_code is None:
        return "MISSING"
    await count_try(rules.attempts, Attempt.ONE_TIME_CODE, actor_id)
    return await refusal_of(unit, core, rules, actor_id, proof, address)


def _refusal(reason: str, proof: Proof) -> tuple[str, str]:
    if reason == "MISSING":
        return "MISSING", "oneTimeCode"
    code = "INVALID_ONE_TIME_CODE" if proof.recovery_code is None else "INVALID_RECOVERY_CODE"
    return code, field_of(proof)


async def _erase(unit: UnitOfWork, eraser: Eraser, actor_id: str, by: str, *, is_forced: bool = False) -> bool:
    """All of it, in the transaction; False where another call was first.

    `is_forced` leaves a customer without a manager rather than the person there. Raises: RequestError LAST_MANAGER,
    BUSY.
    """
    now, memberships = eraser.clock.now(), await unit.personal_data.memberships(actor_id)
    closed = await _hold(unit, memberships, is_forced=is_forced)
    # The customers first, as whoever becomes a member does.
    profile = await unit.accounts.profile(actor_id, lock=True)
    if profile is None:
        return False
    if await unit.personal_data.memberships(actor_id) != memberships:
        raise RequestError.at("BUSY")
    await wake_all(unit, actor_id, now)
    await _drop_mails(unit, eraser.sealing, profile)
    for each in memberships:
        if each.customer_id in closed:
            await _erase_if_last(unit, each, now, by)
        else:
            await _leave(unit, each, now)
    await unit.security_events.erase_addresses(now, actor_id)
    await unit.personal_data.erase_actor(actor_id, [each.customer_id for each in memberships], now)
    await _tell(unit, actor_id, now, "ACCOUNT", by)
    return True


async def _hold(unit: UnitOfWork, memberships: Sequence[Member], *, is_forced: bool) -> set[str]:
    """Holds every customer; returns the closed ones. Raises: RequestError LAST_MANAGER."""
    closed, problems = set(), []
    for each in memberships:
        held = await unit.members.hold(each.customer_id)
        if held is None or held.closed_at is not None:
            closed.add(each.customer_id)
        elif each.role is MANAGER and await unit.members.manager_count(each.customer_id) <= 1:
            problems.append(Problem("LAST_MANAGER", None, {"customer": held.customer.name}))
    if problems and not is_forced:
        raise RequestError(*problems)
    return closed


async def _leave(unit: UnitOfWork, member: Member, at: datetime) -> None:
    await withdraw_those_of(unit, Caller(member.actor), member, at)
    await wake_member(unit, member)
    await unit.members.remove(member, at)
    actor_id, params = member.actor.id, {"role": member.role.value}
    await unit.security_events.record(
        NewSecurityEvent(Kind.MEMBER_LEFT, at, actor_id, member.customer_id, actor_id, params)
    )


async def _erase_if_last(unit: UnitOfWork, member: Member, at: datetime, by: str) -> None:
    """Nobody is left who could ask for it."""
    if member.role is MANAGER and await unit.members.manager_count(member.customer_id) <= 1:
        await _erase_customer(unit, member.customer_id, at, by)


async def _erase_customer(unit: UnitOfWork, customer_id: str, at: datetime, by: str) -> None:
    if await unit.personal_data.erase_customer(customer_id, at):
        await _tell(unit, customer_id, at, "CUSTOMER", by)


async def _tell(unit: UnitOfWork, subject: str, at: datetime, what: str, by: str) -> None:
    """By an id that names nobody any more, for the operator's eyes alone."""
    params = {"what": what, "by": by}
    await unit.security_events.record(NewSecurityEvent(Kind.ERASED, at, subject=subject, params=params))


async def _drop_mails(unit: UnitOfWork, sealing: Sealing, profile: Profile) -> None:
    if profile.email is None:
        return
    for mail in await unit.mails.due(_ALL, _MAILS):
        if recipient_of(sealing, mail.sealed) == profile.email:
            await unit.mails.remove(mail.key)


def recipient_of(sealing: Sealing, sealed: str) -> str | None:
    """To whom a mail that waits goes; None where no key opens it any more."""
    try:
        return str(json.loads(sealing.unseal(sealed))["recipient"])
    except SealBroken:
        return None
