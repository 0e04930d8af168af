"""Invitations: a manager makes one, its link goes to somebody, and who has the link becomes a member by it.

The link's secret is told once. A token that is unknown, used, expired, withdrawn or meant for another address is
refused in the same words.
"""

import dataclasses
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from uuid_utils import uuid7

from gateway.domain import credentials
from gateway.domain.errors import Problem, RequestError
from gateway.domain.identity import own_id
from gateway.domain.members import Invitation, InvitationState, Member
from gateway.domain.paging import Edge, Page, checked_first, key_cursor, page_of, read_key_cursor
from gateway.domain.parties import Actor, Caller, MemberRole
from gateway.domain.security import NewSecurityEvent
from gateway.domain.security import SecurityEventKind as Kind
from gateway.ports import Attempt, Attempts, UnitOfWork
from gateway.usecases import policy
from gateway.usecases.actors import actor_topic
from gateway.usecases.attempts import count_try
from gateway.usecases.core import Core
from gateway.usecases.idempotency import checked_key, digest, find_object, keep_object
from gateway.usecases.membership import MANAGER, actor_id_of, hold_as_manager, managed_customer, note
from gateway.usecases.security_telling import told_by

LIFETIME = timedelta(days=7)
LONGEST = timedelta(days=30)
PENDING_PER_CUSTOMER = 100
MEMBERSHIPS_PER_ACTOR = 100
_MUTATION = "inviteMember"


@dataclass(frozen=True, slots=True)
class InviteMember:
    """The input of `inviteMember`."""

    role: MemberRole
    idempotency_key: str
    customer_id: str | None = None
    email: str | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Joining:
    """Who comes with a token: an actor, with the e-mail addresses that an invitation may be bound to (folded).

    A newcomer's account is made in the same transaction, and not at all where the token is not good.
    """

    actor: Actor
    emails: tuple[str, ...]
    address: str
    is_newcomer: bool = False


async def invite_member(core: Core, caller: Caller, given: InviteMember) -> tuple[Invitation, str | None]:
    """A new invitation and the secret of its link; the same key and input again the same invitation without it.

    Raises: RequestError NOT_FOUND, CUSTOMER_REQUIRED, INVALID_FORMAT, TOO_SHORT, TOO_LONG, INVALID_PERIOD,
    TOO_MANY_INVITATIONS, IDEMPOTENCY_KEY_INVALID, IDEMPOTENCY_KEY_REUSED; AccessError.
    """
    customer_id = managed_customer(caller, given.customer_id)
    key, input_digest, now = checked_key(given.idempotency_key), digest(given), core.clock.now()
    async with core.storage.writing() as unit:
        await hold_as_manager(unit, caller, customer_id, "customerId")
        known = await find_object(unit, customer_id, _MUTATION, key, input_digest)
        found = await unit.invitations.get(known) if known else None
        if found is not None:
            return found, None
        _check(given, now)
        if await unit.invitations.pending_count(customer_id, now) >= PENDING_PER_CUSTOMER:
            raise RequestError.at("TOO_MANY_INVITATIONS", maximum=str(PENDING_PER_CUSTOMER))
        token = secrets.token_urlsafe(32)
        made = _invitation(given, customer_id, actor_id_of(caller), token, now)
        await unit.invitations.add(made)
        await keep_object(unit, customer_id, _MUTATION, key, input_digest, made.id, now)
        await note(core, unit, caller, Kind.INVITATION_MADE, customer_id, made.id, role=made.role)
    return made, token


def _check(given: InviteMember, now: datetime) -> None:
    problems = [] if given.email is None else [credentials.email_problem(given.email)]
    if given.expires_at is not None and not now < given.expires_at <= now + LONGEST:
        params = {"variant": "INVITATION", "days": str(LONGEST.days)}
        problems.append(Problem("INVALID_PERIOD", ("expiresAt",), params))
    if found := [each for each in problems if each]:
        raise RequestError(*found)


def _invitation(given: InviteMember, customer_id: str, invited_by: str, token: str, now: datetime) -> Invitation:
    return Invitation(
        id=own_id("Invitation", str(uuid7())),
        customer_id=customer_id,
        role=given.role,
        created_at=now,
        expires_at=given.expires_at or now + LIFETIME,
        invited_by=invited_by,
        token_digest=_digest(token),
        email=given.email,
    )


def _digest(token: str) -> str:
    # A slow hash is for what people choose: 256 random bits can't be guessed from their digest.
    return sha256(token[:200].encode(errors="replace")).hexdigest()


async def withdraw_invitation(core: Core, caller: Caller, invitation_id: str) -> Invitation:
    """Takes it back; again, and after its time, is harmless.

    Raises: RequestError NOT_FOUND, INVITATION_ACCEPTED at `invitationId`; AccessError.
    """
    policy.check(caller, policy.Access.SIGNED_IN)
    async with core.storage.writing() as unit:
        found = await unit.invitations.get(invitation_id)
        if found is None or not policy.is_member(caller, found.customer_id):
            raise RequestError.at("NOT_FOUND", "invitationId")
        await hold_as_manager(unit, caller, found.customer_id, "invitationId")
        held = await unit.invitations.get(invitation_id, lock=True) or found
        if held.state is InvitationState.ACCEPTED:
            raise RequestError.at("INVITATION_ACCEPTED", "invitationId")
        if held.state_at(core.clock.now()) is InvitationState.PENDING:
            held = await withdrawn(core, unit, caller, held)
    return held


async def withdrawn(core: Core, unit: UnitOfWork, caller: Caller, held: Invitation) -> Invitation:
    """The invitation as it is kept now that it is taken back. Its customer is held."""
    return await _withdrawn(unit, caller, held, core.clock.now())


async def withdraw_those_of(unit: UnitOfWork, caller: Caller, member: Member, at: datetime) -> None:
    """Takes back what that member has invited, who is no manager from now on: a link that was kept is no way back.

    Their customer is held.
    """
    if member.role is not MANAGER:
        return
    for each in await unit.invitations.pending(member.customer_id):
        if each.invited_by == member.actor.id:
            await _withdrawn(unit, caller, each, at)


async def _withdrawn(unit: UnitOfWork, caller: Caller, held: Invitation, at: datetime) -> Invitation:
    ended = dataclasses.replace(held, state=InvitationState.WITHDRAWN, ended_at=at)
    await unit.invitations.save(ended)
    told = told_by(caller, Kind.INVITATION_WITHDRAWN, at, customer_id=held.customer_id, subject=held.id)
    await unit.security_events.record(told)
    return ended


async def list_invitations(
    core: Core, caller: Caller, customer_id: str, first: int | None, after: str | None
) -> Page[Invitation]:
    """The customer's invitations, newest first, ended ones too. For its managers.

    Raises: RequestError NOT_FOUND at `customerId`, PAGE_SIZE, BAD_CURSOR; AccessError.
    """
    policy.require_manager(caller, customer_id)
    count, kind = checked_first(first), f"invitations:{customer_id}"
    place = read_key_cursor(kind, after, 1)
    async with core.storage.reading() as unit:
        found = await unit.invitations.page(customer_id, count + 1, place[0] if place else None)
    return page_of([Edge(key_cursor(kind, each.id), each) for each in found[:count]], len(found) > count)


async def find_invitation(core: Core, caller: Caller, invitation_id: str) -> Invitation | None:
    """The one of that global id; None for an unknown one, and for who is no manager of its customer."""
    async with core.storage.reading() as unit:
        found = await unit.invitations.get(invitation_id)
    return found if found and policy.manages(caller, found.customer_id) else None


async def accept_invitation(core: Core, attempts: Attempts, caller: Caller, token: str) -> tuple[Member, Actor]:
    """The caller becomes a member; returns the membership, and the actor with it. The same caller again is harmless.

    Tries are counted before it is known whether they are wrong: an actor has few of them.
    Raises: RequestError INVITATION_INVALID, ALREADY_MEMBER, TOO_MANY_MEMBERSHIPS at `token`, RATE_LIMITED with
    `seconds`; AccessError.
    """
    actor_id = actor_id_of(caller)
    await count_try(attempts, Attempt.INVITATION, actor_id)
    actor = caller.actor or Actor(actor_id, "")
    async with core.storage.writing() as unit:
        emails = tuple(await unit.members.emails(actor_id))
        member = await join(core, unit, token, Joining(actor, emails, caller.address), "token")
        joined = await unit.accounts.actor(actor_id)
    await attempts.forget(Attempt.INVITATION, actor_id)
    return member, joined or actor


async def join(core: Core, unit: UnitOfWork, token: str, who: Joining, *path: str) -> Member:
    """The membership that the token gives, in this transaction.

    Raises: RequestError INVITATION_INVALID, ALREADY_MEMBER, TOO_MANY_MEMBERSHIPS at the path.
    """
    found = await unit.invitations.by_digest(_digest(token))
    held = await unit.members.hold(found.customer_id) if found else None
    # Read again, now that nobody else can accept it.
    invitation = await unit.invitations.get(found.id) if found else None
    if invitation is None or held is None or held.closed_at is not None:
        raise _not_good(core, who, *path)
    present = await unit.members.of_actor(invitation.customer_id, who.actor.id)
    if present is not None and invitation.accepted_by == who.actor.id:
        return present
    if not _is_for(invitation, who, core.clock.now()):
        raise _not_good(core, who, *path)
    if present is not None:
        raise RequestError.at("ALREADY_MEMBER", *path)
    if await unit.members.count_of_actor(who.actor.id) >= MEMBERSHIPS_PER_ACTOR:
        raise RequestError.at("TOO_MANY_MEMBERSHIPS", *path, maximum=str(MEMBERSHIPS_PER_ACTOR))
    return await _accepted(core, unit, Caller(who.actor, address=who.address), invitation, who.actor)


def _not_good(core: Core, who: Joining, *path: str) -> RequestError:
    """The one answer, whatever the reason; that somebody tried is recorded."""
    actor_id = None if who.is_newcomer else who.actor.id
    refused = NewSecurityEvent(Kind.INVITATION_REFUSED, core.clock.now(), actor_id, address=who.address or None)
    core.refusals.note(refused)
    return RequestError.at("INVITATION_INVALID", *path)


def _is_for(invitation: Invitation, who: Joining, now: datetime) -> bool:
    meant = (invitation.email or "").casefold().encode()
    is_meant = invitation.email is None or any(hmac.compare_digest(meant, each.encode()) for each in who.emails)
    return is_meant and invitation.state_at(now) is InvitationState.PENDING


async def _accepted(core: Core, unit: UnitOfWork, caller: Caller, invitation: Invitation, actor: Actor) -> Member:
    now = core.clock.now()
    shown = Actor(actor.id, actor.username)
    member = Member(own_id("Member", str(uuid7())), invitation.customer_id, shown, invitation.role, now)
    await unit.members.add(member)
    state = InvitationState.ACCEPTED
    await unit.invitations.save(dataclasses.replace(invitation, state=state, ended_at=now, accepted_by=actor.id))
    kind, customer_id = Kind.INVITATION_ACCEPTED, invitation.customer_id
    await note(core, unit, caller, kind, customer_id, invitation.id, role=member.role)
    unit.wake(actor_topic(actor.id))
    return member
