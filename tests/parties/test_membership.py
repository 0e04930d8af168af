"""Roles: changed, handed over, given up; and there is always somebody who manages."""

import asyncio

import pytest

from gateway.domain.errors import AccessError, RequestError
from gateway.domain.members import Member
from gateway.domain.parties import Caller, MemberRole, SelfServiceFunction
from gateway.domain.security import SecurityEventKind
from gateway.usecases import members, policy
from gateway.usecases.actors import actor_topic
from gateway.usecases.core import Core
from tests.parties.joining import as_now, customer, joined, kinds
from tests.parties.test_members import listed
from tests.samples import new_id

MANAGER, AUTHORIZED, SERVICE = MemberRole


async def member_of(core: Core, caller: Caller, customer_id: str) -> Member:
    assert caller.actor is not None
    async with core.storage.reading() as unit:
        found = await unit.members.of_actor(customer_id, caller.actor.id)
    assert found is not None
    return found


async def roles(core: Core, caller: Caller) -> dict[str, MemberRole]:
    return {each.actor.username: each.role for each in await listed(core, caller, customer(caller))}


@pytest.mark.requirement("R1", "R2")
async def test_a_role_changes_at_once_and_takes_the_old_rights_with_it(core: Core, maria: Caller) -> None:
    anna = await joined(core, customer(maria), "anna", AUTHORIZED)
    member = await member_of(core, anna, customer(maria))

    assert anna.actor is not None
    with core.wakeups.listen(actor_topic(anna.actor.id)) as waiter:
        changed = await members.change_member_role(core, maria, member.id, MANAGER)
        assert await waiter.wait(0)

    assert changed.role is MANAGER
    assert policy.can(await as_now(core, anna), customer(maria), SelfServiceFunction.ORDER)
    assert await kinds(core, customer(maria)) == [SecurityEventKind.MEMBER_ROLE_CHANGED]
    await members.change_member_role(core, maria, member.id, SERVICE)
    assert not policy.can(await as_now(core, anna), customer(maria), SelfServiceFunction.ORDER)


@pytest.mark.requirement("R2")
async def test_the_role_that_a_member_has_changes_nothing(core: Core, maria: Caller) -> None:
    anna = await joined(core, customer(maria), "anna", AUTHORIZED)
    member = await member_of(core, anna, customer(maria))

    assert await members.change_member_role(core, maria, member.id, AUTHORIZED) == member

    assert await kinds(core, customer(maria)) == []


@pytest.mark.requirement("R2")
async def test_the_last_manager_can_not_go_whichever_way(core: Core, maria: Caller) -> None:
    await joined(core, customer(maria), "anna", AUTHORIZED)
    own = await member_of(core, maria, customer(maria))

    for attempt, field in (
        (members.change_member_role(core, maria, own.id, AUTHORIZED), "memberId"),
        (members.remove_member(core, maria, own.id), "memberId"),
        (members.leave_customer(core, maria, customer(maria)), "customerId"),
    ):
        with pytest.raises(RequestError) as caught:
            await attempt
        assert [(each.code, each.field) for each in caught.value.problems] == [("LAST_MANAGER", (field,))]

    assert await roles(core, maria) == {"maria": MANAGER, "anna": AUTHORIZED}
    assert await kinds(core, customer(maria)) == []


@pytest.mark.requirement("R2")
async def test_of_two_managers_who_demote_each_other_at_once_one_is_left(core: Core, maria: Caller) -> None:
    anna = await joined(core, customer(maria), "anna", MANAGER)
    hers = await member_of(core, maria, customer(maria))
    annas = await member_of(core, anna, customer(maria))

    done = await asyncio.gather(
        members.change_member_role(core, maria, annas.id, SERVICE),
        members.change_member_role(core, anna, hers.id, SERVICE),
        return_exceptions=True,
    )

    assert sum(isinstance(each, Member) for each in done) == 1
    assert sum(isinstance(each, AccessError) for each in done) == 1
    assert sorted((await roles(core, await as_now(core, maria))).values()) == [MANAGER, SERVICE]


@pytest.mark.requirement("R2")
async def test_of_two_managers_who_leave_at_once_one_is_left(core: Core, maria: Caller) -> None:
    anna = await joined(core, customer(maria), "anna", MANAGER)

    done = await asyncio.gather(
        members.leave_customer(core, maria, customer(maria)),
        members.leave_customer(core, anna, customer(maria)),
        return_exceptions=True,
    )

    assert sorted(type(each).__name__ for each in done) == ["RequestError", "str"]
    async with core.storage.reading() as unit:
        assert await unit.members.manager_count(customer(maria)) == 1


@pytest.mark.requirement("R2", "R4")
async def test_management_is_handed_over_whole(core: Core, maria: Caller) -> None:
    anna = await joined(core, customer(maria), "anna", SERVICE)
    member = await member_of(core, anna, customer(maria))

    manager, own = await members.hand_over_management(core, maria, member.id, AUTHORIZED)

    assert (manager.actor.username, manager.role) == ("anna", MANAGER)
    assert (own.actor.username, own.role) == ("maria", AUTHORIZED)
    assert await roles(core, await as_now(core, anna)) == {"maria": AUTHORIZED, "anna": MANAGER}
    assert await kinds(core, customer(maria)) == [SecurityEventKind.MANAGEMENT_HANDED_OVER]
    assert not policy.manages(await as_now(core, maria), customer(maria))


@pytest.mark.requirement("R2")
async def test_handing_over_to_oneself_or_keeping_it_is_refused(core: Core, maria: Caller) -> None:
    anna = await joined(core, customer(maria), "anna", SERVICE)
    own, member = await member_of(core, maria, customer(maria)), await member_of(core, anna, customer(maria))

    for member_id, role, code in ((own.id, SERVICE, "OWN_MEMBERSHIP"), (member.id, MANAGER, "NOT_LOWER")):
        with pytest.raises(RequestError, match=code):
            await members.hand_over_management(core, maria, member_id, role)

    assert await roles(core, maria) == {"maria": MANAGER, "anna": SERVICE}


@pytest.mark.requirement("R1", "S3")
async def test_who_is_removed_or_leaves_acts_for_the_customer_no_more(core: Core, maria: Caller) -> None:
    anna = await joined(core, customer(maria), "anna", AUTHORIZED)
    erik = await joined(core, customer(maria), "erik", SERVICE)
    member = await member_of(core, anna, customer(maria))

    assert await members.remove_member(core, maria, member.id) == member.id
    assert await members.leave_customer(core, erik, customer(maria)) == customer(maria)

    for gone in (anna, erik):
        now = await as_now(core, gone)
        assert now.actor is not None
        assert now.actor.memberships == ()
    assert await roles(core, maria) == {"maria": MANAGER}
    found = await kinds(core, customer(maria))
    assert found == [SecurityEventKind.MEMBER_REMOVED, SecurityEventKind.MEMBER_LEFT]
    with pytest.raises(RequestError, match="NOT_FOUND"):
        await members.remove_member(core, maria, member.id)


@pytest.mark.requirement("S3", "R5")
async def test_only_a_manager_changes_members_and_a_strangers_id_is_unknown(
    core: Core, maria: Caller, lars: Caller
) -> None:
    anna = await joined(core, customer(maria), "anna", AUTHORIZED)
    erik = await joined(core, customer(maria), "erik", SERVICE)
    hers = await member_of(core, maria, customer(maria))
    annas = await member_of(core, anna, customer(maria))

    for caller, member_id, code in (
        (Caller(), hers.id, "UNAUTHENTICATED"),
        (lars, hers.id, "NOT_FOUND"),
        (lars, new_id("Member"), "NOT_FOUND"),
        (lars, "nonsense\0", "NOT_FOUND"),
        (anna, hers.id, "FORBIDDEN"),
        (anna, annas.id, "FORBIDDEN"),
        (erik, annas.id, "NOT_FOUND"),
    ):
        for attempt in (
            members.change_member_role(core, caller, member_id, MANAGER),
            members.remove_member(core, caller, member_id),
            members.hand_over_management(core, caller, member_id, SERVICE),
        ):
            with pytest.raises(RequestError) as caught:
                await attempt
            assert caught.value.problems[0].code == code

    assert await roles(core, maria) == {"maria": MANAGER, "anna": AUTHORIZED, "erik": SERVICE}


@pytest.mark.requirement("S3")
async def test_a_manager_demoted_a_moment_ago_changes_nothing_more(core: Core, maria: Caller) -> None:
    anna = await joined(core, customer(maria), "anna", MANAGER)
    hers = await member_of(core, maria, customer(maria))
    await members.change_member_role(core, anna, hers.id, SERVICE)

    with pytest.raises(AccessError, match="FORBIDDEN"):
        await members.change_member_role(core, maria, hers.id, MANAGER)

    assert (await member_of(core, maria, customer(maria))).role is SERVICE
