"""Members under several who change them at once: on both databases there is always a manager, and one by each link."""

import asyncio
from dataclasses import replace

import pytest

from gateway.api.auth.attempts import counting
from gateway.domain.errors import GatewayError
from gateway.domain.members import Member
from gateway.domain.parties import Actor, Caller, MemberRole
from gateway.storage import MemoryWakeUps, SqlStorage
from gateway.usecases import invitations, members
from gateway.usecases.core import Core
from gateway.usecases.invitations import InviteMember
from tests.clock import NOON, SettableClock
from tests.cores import a_core
from tests.samples import an_account, new_id

MANAGER, AUTHORIZED, SERVICE = MemberRole
MANY = 8


async def stranger(storage: SqlStorage, name: str) -> Caller:
    account = replace(an_account(name, None), customer_id=None)
    async with storage.writing() as unit:
        assert await unit.accounts.add(account)
    return Caller(Actor(account.actor_id, name))


async def managers(core: Core, storage: SqlStorage) -> tuple[str, list[Caller]]:
    """A customer with many managers."""
    account = an_account("manager-0", None)
    assert account.customer_id is not None
    async with storage.writing() as unit:
        assert await unit.accounts.add(account)
    actors = [account.actor_id]
    for number in range(1, MANY):
        other = await stranger(storage, f"manager-{number}")
        assert other.actor is not None
        async with storage.writing() as unit:
            member = Member(new_id("Member"), account.customer_id, other.actor, MANAGER, NOON)
            assert await unit.members.add(member)
        actors.append(other.actor.id)
    async with storage.reading() as unit:
        return account.customer_id, [Caller(await unit.accounts.actor(each)) for each in actors]


@pytest.mark.requirement("R2")
async def test_of_many_managers_who_leave_at_once_one_is_left(
    storage: SqlStorage, wakeups: MemoryWakeUps, clock: SettableClock
) -> None:
    core = a_core(storage, wakeups, clock)
    customer, callers = await managers(core, storage)

    done = await asyncio.gather(
        *(members.leave_customer(core, each, customer) for each in callers), return_exceptions=True
    )

    assert sum(each == customer for each in done) == MANY - 1
    assert [str(each) for each in done if isinstance(each, GatewayError)] == ["LAST_MANAGER"]
    async with storage.reading() as unit:
        assert await unit.members.manager_count(customer) == 1


@pytest.mark.requirement("R2")
async def test_of_many_managers_who_demote_each_other_at_once_one_is_left(
    storage: SqlStorage, wakeups: MemoryWakeUps, clock: SettableClock
) -> None:
    core = a_core(storage, wakeups, clock)
    customer, callers = await managers(core, storage)
    page = await members.list_members(core, callers[0], customer, 100, None)
    ids = [edge.node.id for edge in page.edges]

    await asyncio.gather(
        *(
            members.change_member_role(core, caller, ids[(number + 1) % MANY], SERVICE)
            for number, caller in enumerate(callers)
        ),
        return_exceptions=True,
    )

    async with storage.reading() as unit:
        assert await unit.members.manager_count(customer) >= 1


@pytest.mark.requirement("S3")
async def test_of_many_who_accept_one_invitation_at_once_one_becomes_a_member(
    storage: SqlStorage, wakeups: MemoryWakeUps, clock: SettableClock
) -> None:
    core = a_core(storage, wakeups, clock)
    customer, callers = await managers(core, storage)
    _, token = await invitations.invite_member(core, callers[0], InviteMember(AUTHORIZED, "k"))
    strangers = [await stranger(storage, f"stranger-{number}") for number in range(MANY)]

    done = await asyncio.gather(
        *(invitations.accept_invitation(core, counting(), each, token or "") for each in strangers),
        return_exceptions=True,
    )

    refused = [str(each) for each in done if isinstance(each, GatewayError)]
    assert refused == ["INVITATION_INVALID"] * (MANY - 1)
    page = await members.list_members(core, callers[0], customer, 100, None)
    assert len(page.edges) == MANY + 1
