"""What every change of a customer's members begins with, and what follows it.

Each change holds the customer and reads who may change it again: so two managers who demote each other in the same
moment come one after the other, and the second is no manager any more.
"""

from gateway.domain.errors import AccessError, Problem, RequestError
from gateway.domain.members import Member
from gateway.domain.parties import Caller, MemberRole
from gateway.domain.security import NewSecurityEvent, SecurityEventKind
from gateway.ports import UnitOfWork
from gateway.ports.members import HeldCustomer
from gateway.usecases import policy
from gateway.usecases.actors import actor_topic
from gateway.usecases.core import Core

MANAGER = MemberRole.SELF_SERVICE_MANAGER


def actor_id_of(caller: Caller) -> str:
    """The caller's own id. Raises: AccessError for nobody, and for a service client."""
    policy.check(caller, policy.Access.SIGNED_IN)
    if caller.actor is None:
        raise AccessError(Problem("FORBIDDEN"))
    return caller.actor.id


def managed_customer(caller: Caller, customer_id: str | None) -> str:
    """The customer that is meant, of which the caller is a manager.

    Raises: RequestError NOT_FOUND, CUSTOMER_REQUIRED at `customerId`; AccessError.
    """
    found = policy.customer_of(caller, customer_id, "customerId")
    policy.require_manager(caller, found)
    return found


async def hold_as_member(unit: UnitOfWork, caller: Caller, customer_id: str, *path: str) -> tuple[HeldCustomer, Member]:
    """The customer, held, and the caller's membership as it is now. Raises: RequestError NOT_FOUND at the path."""
    held = await unit.members.hold(customer_id)
    own = await unit.members.of_actor(customer_id, actor_id_of(caller))
    if held is None or held.closed_at is not None or own is None:
        raise RequestError.at("NOT_FOUND", *path)
    return held, own


async def hold_as_manager(
    unit: UnitOfWork, caller: Caller, customer_id: str, *path: str
) -> tuple[HeldCustomer, Member]:
    """As `hold_as_member`. Raises: AccessError FORBIDDEN for who is no manager (any more), too."""
    held, own = await hold_as_member(unit, caller, customer_id, *path)
    if own.role is not MANAGER:
        raise AccessError(Problem("FORBIDDEN"))
    return held, own


async def check_not_last(unit: UnitOfWork, member: Member, *path: str) -> None:
    """Raises: RequestError LAST_MANAGER at the path, where nobody would be left to manage. The customer is held."""
    if member.role is MANAGER and await unit.members.manager_count(member.customer_id) <= 1:
        raise RequestError.at("LAST_MANAGER", *path)


async def wake_member(unit: UnitOfWork, member: Member) -> None:
    """Has every process read anew who the member is, and those for whom the member enabled something."""
    others = await unit.authorizations.enabled_by(member.customer_id, member.actor.id)
    unit.wake(*map(actor_topic, (member.actor.id, *others)))


async def wake_members(unit: UnitOfWork, customer_id: str) -> None:
    """Has every process read anew who each member is, and weigh their open streams."""
    unit.wake(*map(actor_topic, await unit.members.all_actor_ids(customer_id)))


async def note(
    core: Core,
    unit: UnitOfWork,
    caller: Caller,
    kind: SecurityEventKind,
    customer_id: str,
    subject: str | None = None,
    **params: str,
) -> None:
    """Records what the caller did to that customer's in this transaction; `params` are codes and ids."""
    actor_id, address = caller.subject, caller.address or None
    await unit.security_events.record(
        NewSecurityEvent(kind, core.clock.now(), actor_id, customer_id, subject, params, address)
    )
