"""Who acts for a customer, as its members see them, and what its managers change about that.

A manager sees everybody. Any other member sees themselves, and the managers: whom to ask for more.
What a manager has invited is taken back with the role.
"""

import dataclasses

from gateway.domain.errors import RequestError
from gateway.domain.members import Member
from gateway.domain.paging import Edge, Page, checked_first, key_cursor, page_of, read_key_cursor
from gateway.domain.parties import Caller, MemberRole
from gateway.domain.security import SecurityEventKind as Kind
from gateway.ports import UnitOfWork
from gateway.usecases import policy
from gateway.usecases.core import Core
from gateway.usecases.invitations import withdraw_those_of
from gateway.usecases.membership import (
    MANAGER,
    actor_id_of,
    check_not_last,
    hold_as_manager,
    hold_as_member,
    note,
    wake_member,
)


async def list_members(
    core: Core, caller: Caller, customer_id: str, first: int | None, after: str | None
) -> Page[Member]:
    """The members that the caller may see, in the order of their joining.

    Raises: RequestError NOT_FOUND at `customerId`, PAGE_SIZE, BAD_CURSOR; AccessError for nobody.
    """
    customer_id = policy.customer_of(caller, customer_id, "customerId")
    count, kind = checked_first(first), f"members:{customer_id}"
    place = read_key_cursor(kind, after, 1)
    only = None if policy.manages(caller, customer_id) else actor_id_of(caller)
    async with core.storage.reading() as unit:
        found = await unit.members.page(customer_id, count + 1, place[0] if place else None, only)
    edges = [Edge(key_cursor(kind, each.id), seen_by(caller, each)) for each in found[:count]]
    return page_of(edges, len(found) > count)


async def find_member(core: Core, caller: Caller, member_id: str) -> Member | None:
    """The member of that global id; None for an unknown one, and for one that the caller may not see."""
    async with core.storage.reading() as unit:
        found = await unit.members.get(member_id)
    return seen_by(caller, found) if found and _may_see(caller, found) else None


def _may_see(caller: Caller, member: Member) -> bool:
    if not policy.is_member(caller, member.customer_id):
        return False
    is_open_to_all = member.role is MemberRole.SELF_SERVICE_MANAGER or member.actor.id == actor_id_of(caller)
    return is_open_to_all or policy.manages(caller, member.customer_id)


def seen_by(caller: Caller, member: Member) -> Member:
    """The member with all that the caller knows of its actor: of oneself everything, of another the name."""
    if caller.actor is not None and caller.actor.id == member.actor.id:
        return dataclasses.replace(member, actor=caller.actor)
    return member


async def change_member_role(core: Core, caller: Caller, member_id: str, role: MemberRole) -> Member:
    """Gives a member another role; at once, on open streams too. The authorizations end with the old role.

    The role that the member has already changes nothing.
    Raises: RequestError NOT_FOUND, LAST_MANAGER at `memberId`; AccessError.
    """
    customer_id = await _managed(core, caller, member_id)
    async with core.storage.writing() as unit:
        await hold_as_manager(unit, caller, customer_id, "memberId")
        member = await _member(unit, member_id)
        if member.role is role:
            return seen_by(caller, member)
        await check_not_last(unit, member, "memberId")
        await _give(core, unit, caller, member, role)
    return seen_by(caller, dataclasses.replace(member, role=role))


async def remove_member(core: Core, caller: Caller, member_id: str) -> str:
    """Takes a membership away, at once; returns its id. Raises: RequestError NOT_FOUND, LAST_MANAGER at `memberId`;
    AccessError.
    """
    customer_id = await _managed(core, caller, member_id)
    async with core.storage.writing() as unit:
        await hold_as_manager(unit, caller, customer_id, "memberId")
        member = await _member(unit, member_id)
        await check_not_last(unit, member, "memberId")
        await withdraw_those_of(unit, caller, member, core.clock.now())
        await unit.members.remove(member, core.clock.now())
        await note(core, unit, caller, Kind.MEMBER_REMOVED, customer_id, member.actor.id, role=member.role)
        await wake_member(unit, member)
    return member.id


async def leave_customer(core: Core, caller: Caller, customer_id: str) -> str:
    """Ends the caller's own membership; returns the customer's id.

    Raises: RequestError NOT_FOUND, LAST_MANAGER at `customerId`; AccessError.
    """
    left = policy.customer_of(caller, customer_id, "customerId")
    async with core.storage.writing() as unit:
        _, own = await hold_as_member(unit, caller, left, "customerId")
        await check_not_last(unit, own, "customerId")
        await withdraw_those_of(unit, caller, own, core.clock.now())
        await unit.members.remove(own, core.clock.now())
        await note(core, unit, caller, Kind.MEMBER_LEFT, left, own.actor.id, role=own.role)
        await wake_member(unit, own)
    return left


async def hand_over_management(
    core: Core, caller: Caller, member_id: str, own_role: MemberRole
) -> tuple[Member, Member]:
    """The other becomes manager and the caller gets `own_role`, both or neither; returns the other and the caller.

    Raises: RequestError NOT_FOUND, OWN_MEMBERSHIP at `memberId`, NOT_LOWER at `ownRole`; AccessError.
    """
    customer_id = await _managed(core, caller, member_id)
    if own_role is MANAGER:
        raise RequestError.at("NOT_LOWER", "ownRole")
    async with core.storage.writing() as unit:
        _, own = await hold_as_manager(unit, caller, customer_id, "memberId")
        other = await _member(unit, member_id)
        if other.id == own.id:
            raise RequestError.at("OWN_MEMBERSHIP", "memberId")
        if other.role is not MANAGER:
            await unit.members.set_role(other, MANAGER, core.clock.now())
        await withdraw_those_of(unit, caller, own, core.clock.now())
        await unit.members.set_role(own, own_role, core.clock.now())
        kind, given = Kind.MANAGEMENT_HANDED_OVER, own.role
        await note(core, unit, caller, kind, customer_id, other.actor.id, was=given, role=own_role)
        await wake_member(unit, other)
        await wake_member(unit, own)
    handed, kept = dataclasses.replace(other, role=MANAGER), dataclasses.replace(own, role=own_role)
    return seen_by(caller, handed), seen_by(caller, kept)


async def _give(core: Core, unit: UnitOfWork, caller: Caller, member: Member, role: MemberRole) -> None:
    await withdraw_those_of(unit, caller, member, core.clock.now())
    await unit.members.set_role(member, role, core.clock.now())
    kind, customer_id = Kind.MEMBER_ROLE_CHANGED, member.customer_id
    await note(core, unit, caller, kind, customer_id, member.actor.id, was=member.role, role=role)
    await wake_member(unit, member)


async def _managed(core: Core, caller: Caller, member_id: str) -> str:
    """The customer of a member that the caller may change. Raises: RequestError NOT_FOUND at `memberId`; AccessError
    for who sees the member, and is no manager.
    """
    policy.check(caller, policy.Access.SIGNED_IN)
    found = await find_member(core, caller, member_id)
    if found is None:
        raise RequestError.at("NOT_FOUND", "memberId")
    policy.require_manager(caller, found.customer_id)
    return found.customer_id


async def _member(unit: UnitOfWork, member_id: str) -> Member:
    found = await unit.members.get(member_id)
    if found is None:
        raise RequestError.at("NOT_FOUND", "memberId")
    return found
