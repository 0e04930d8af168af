"""Who acts for a customer, as its members see them.

A manager sees everybody. Any other member sees themselves, and the managers: whom to ask for more.
"""

import dataclasses

from gateway.domain.errors import RequestError
from gateway.domain.members import Member
from gateway.domain.paging import Edge, Page, checked_first, key_cursor, page_of, read_key_cursor
from gateway.domain.parties import Caller, MemberRole
from gateway.usecases import policy
from gateway.usecases.core import Core


async def list_members(
    core: Core, caller: Caller, customer_id: str, first: int | None, after: str | None
) -> Page[Member]:
    """The members that the caller may see, in the order of their joining.

    Raises: RequestError NOT_FOUND at `customerId`, PAGE_SIZE, BAD_CURSOR; AccessError for nobody.
    """
    customer_id = policy.customer_of(caller, customer_id, "customerId")
    count, kind = checked_first(first), f"members:{customer_id}"
    place = read_key_cursor(kind, after, 1)
    only = None if policy.manages(caller, customer_id) else _actor_id(caller)
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
    is_open_to_all = member.role is MemberRole.SELF_SERVICE_MANAGER or member.actor.id == _actor_id(caller)
    return is_open_to_all or policy.manages(caller, member.customer_id)


def seen_by(caller: Caller, member: Member) -> Member:
    """The member with all that the caller knows of its actor: of oneself everything, of another the name."""
    if caller.actor is not None and caller.actor.id == member.actor.id:
        return dataclasses.replace(member, actor=caller.actor)
    return member


def _actor_id(caller: Caller) -> str:
    policy.check(caller, policy.Access.SIGNED_IN)
    if caller.actor is None:
        raise RequestError.at("NOT_FOUND", "customerId")
    return caller.actor.id
