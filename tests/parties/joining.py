"""Members of a customer, kept without an invitation."""

from dataclasses import replace

from sqlalchemy import text

from gateway.domain.members import Member
from gateway.domain.parties import Actor, Caller, MemberRole
from gateway.domain.security import SecurityEventKind
from gateway.usecases.core import Core
from tests.clock import NOON
from tests.samples import an_account, new_id


def customer(caller: Caller) -> str:
    """The caller's only customer."""
    assert caller.actor is not None
    (membership,) = caller.actor.memberships
    return membership.customer.id


async def as_now(core: Core, caller: Caller) -> Caller:
    """The caller as the store knows it now."""
    assert caller.actor is not None
    async with core.storage.reading() as unit:
        return replace(caller, actor=await unit.accounts.actor(caller.actor.id))


async def stranger(core: Core, username: str, email: str | None = None) -> Caller:
    """An account that acts for nobody."""
    account = replace(an_account(username, email), customer_id=None)
    async with core.storage.writing() as unit:
        assert await unit.accounts.add(account)
    return await as_now(core, Caller(Actor(account.actor_id, username)))


async def joined(core: Core, customer_id: str, username: str, role: MemberRole) -> Caller:
    """A new account that is a member."""
    caller = await stranger(core, username)
    assert caller.actor is not None
    async with core.storage.writing() as unit:
        assert await unit.members.add(Member(new_id("Member"), customer_id, caller.actor, role, NOON))
    return await as_now(core, caller)


async def kinds(core: Core, customer_id: str) -> list[SecurityEventKind]:
    """The security events of the customer, in their order."""
    engine = core.storage.engine  # type: ignore[attr-defined]
    statement = text("SELECT kind FROM security_event WHERE customer = :customer ORDER BY seq")
    async with engine.connect() as connection:
        found = await connection.execute(statement, {"customer": customer_id})
        return [SecurityEventKind(row.kind) for row in found]
