"""Invitations: one link, one member; and a token that is not good tells nothing of why."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from gateway.api.auth.attempts import counting
from gateway.domain.errors import RequestError
from gateway.domain.members import Invitation, InvitationState, Member
from gateway.domain.parties import Caller, MemberRole
from gateway.domain.security import SecurityEventKind
from gateway.usecases import customers, invitations, members
from gateway.usecases.core import Core
from gateway.usecases.erasing import Erasing, erase_account_of
from gateway.usecases.invitations import InviteMember
from tests.clock import NOON, SettableClock
from tests.parties.joining import as_now, customer, joined, kinds, stranger
from tests.parties.test_membership import member_of
from tests.samples import new_id

MANAGER, AUTHORIZED, SERVICE = MemberRole


async def invited(core: Core, caller: Caller, key: str = "k", **more: Any) -> tuple[Invitation, str]:
    made, token = await invitations.invite_member(core, caller, InviteMember(AUTHORIZED, key, **more))
    assert token is not None
    return made, token


async def accept(core: Core, caller: Caller, token: str) -> Member:
    member, _ = await invitations.accept_invitation(core, counting(), caller, token)
    return member


async def refusal(core: Core, caller: Caller, token: str) -> tuple[str, tuple[str, ...] | None]:
    with pytest.raises(RequestError) as caught:
        await accept(core, caller, token)
    (problem,) = caught.value.problems
    return problem.code, problem.field


INVALID = ("INVITATION_INVALID", ("token",))


@pytest.mark.requirement("R1")
async def test_who_has_the_token_becomes_a_member_and_again_is_harmless(core: Core, maria: Caller) -> None:
    made, token = await invited(core, maria)
    anna = await stranger(core, "anna")

    member = await accept(core, anna, token)

    assert (member.customer_id, member.role, member.since) == (customer(maria), AUTHORIZED, NOON)
    joined_now = await as_now(core, anna)
    assert customer(joined_now) == customer(maria)
    assert await accept(core, anna, token) == member
    kept = await invitations.find_invitation(core, maria, made.id)
    assert kept is not None
    assert anna.actor is not None
    assert (kept.state, kept.accepted_by) == (InvitationState.ACCEPTED, anna.actor.id)
    made_and_accepted = [SecurityEventKind.INVITATION_MADE, SecurityEventKind.INVITATION_ACCEPTED]
    assert await kinds(core, customer(maria)) == made_and_accepted


@pytest.mark.requirement("S5")
async def test_the_token_is_kept_nowhere(core: Core, maria: Caller) -> None:
    made, token = await invited(core, maria)

    assert token not in repr(made)
    assert made.token_digest not in repr(made)
    page = await invitations.list_invitations(core, maria, customer(maria), None, None)
    assert token not in str([vars_of(edge.node) for edge in page.edges])


def vars_of(invitation: Invitation) -> list[object]:
    return [getattr(invitation, name) for name in invitation.__dataclass_fields__]


async def test_a_repeated_key_answers_the_same_invitation_without_its_token(core: Core, maria: Caller) -> None:
    made, _ = await invited(core, maria)

    again, token = await invitations.invite_member(core, maria, InviteMember(AUTHORIZED, "k"))
    with pytest.raises(RequestError, match="IDEMPOTENCY_KEY_REUSED"):
        await invitations.invite_member(core, maria, InviteMember(SERVICE, "k"))

    assert (again, token) == (made, None)
    page = await invitations.list_invitations(core, maria, customer(maria), None, None)
    assert [edge.node.id for edge in page.edges] == [made.id]


@pytest.mark.requirement("S3")
async def test_a_token_that_is_not_good_looks_the_same_whatever_the_reason(core: Core, maria: Caller) -> None:
    anna, erik = await stranger(core, "anna"), await stranger(core, "erik", "erik@example.com")
    _, used = await invited(core, maria, "used")
    await accept(core, erik, used)
    withdrawn, taken_back = await invited(core, maria, "withdrawn")
    await invitations.withdraw_invitation(core, maria, withdrawn.id)
    _, anothers = await invited(core, maria, "bound", email="erik@example.com")
    _, expired = await invited(core, maria, "expired", expires_at=NOON + timedelta(hours=1))
    clock = core.clock
    assert isinstance(clock, SettableClock)
    clock.advance(hours=1)

    answers = {
        await refusal(core, anna, token)
        for token in (used, taken_back, anothers, expired, "nonsense", "", "\0", "å" * 5000, "\ud800")
    }

    assert answers == {INVALID}
    anna_now = await as_now(core, anna)
    assert anna_now.actor is not None
    assert anna_now.actor.memberships == ()
    assert len(core.refusals.take()) > 0


async def test_an_invitation_for_an_address_is_for_the_account_of_that_address(core: Core, maria: Caller) -> None:
    _, token = await invited(core, maria, email="Anna@Example.com")
    anna = await stranger(core, "anna", "anna@example.com")

    assert (await accept(core, anna, token)).role is AUTHORIZED


@pytest.mark.requirement("S3")
async def test_of_two_who_accept_at_once_one_becomes_a_member(core: Core, maria: Caller) -> None:
    _, token = await invited(core, maria)
    anna, erik = await stranger(core, "anna"), await stranger(core, "erik")

    done = await asyncio.gather(accept(core, anna, token), accept(core, erik, token), return_exceptions=True)

    assert sorted(type(each).__name__ for each in done) == ["Member", "RequestError"]
    page = await members.list_members(core, maria, customer(maria), None, None)
    assert len(page.edges) == 2


async def test_who_is_a_member_already_keeps_the_role_and_the_invitation_waits_on(core: Core, maria: Caller) -> None:
    made, token = await invited(core, maria)

    assert await refusal(core, maria, token) == ("ALREADY_MEMBER", ("token",))

    kept = await invitations.find_invitation(core, maria, made.id)
    assert kept == made
    assert policy_role(await as_now(core, maria)) is MANAGER


def policy_role(caller: Caller) -> MemberRole:
    assert caller.actor is not None
    return caller.actor.memberships[0].role


async def test_who_was_removed_does_not_come_back_by_the_old_link(core: Core, maria: Caller) -> None:
    _, token = await invited(core, maria)
    anna = await stranger(core, "anna")
    member = await accept(core, anna, token)
    await members.remove_member(core, maria, member.id)

    assert await refusal(core, anna, token) == INVALID


@pytest.mark.requirement("R4", "S3")
@pytest.mark.parametrize("loss", ["removed", "demoted", "leaves", "hands over", "is erased"])
async def test_who_is_no_manager_any_more_has_invited_nobody(core: Core, maria: Caller, loss: str) -> None:
    household = customer(maria)
    anna = await joined(core, household, "anna", MANAGER)
    _, kept_back = await invited(core, anna, key="hers")
    _, of_maria = await invited(core, maria, key="maria's")
    member, other = [await member_of(core, each, household) for each in (anna, maria)]

    if loss == "removed":
        await members.remove_member(core, maria, member.id)
    elif loss == "demoted":
        await members.change_member_role(core, maria, member.id, MemberRole.SERVICE_USER)
    elif loss == "leaves":
        await members.leave_customer(core, anna, household)
    elif loss == "hands over":
        await members.hand_over_management(core, anna, other.id, MemberRole.AUTHORIZED_USER)
    else:
        await erase_account_of(Erasing(core.storage, core.clock, core.onboarding.sealing), "anna")

    assert await refusal(core, await stranger(core, "otto"), kept_back) == INVALID
    assert (await accept(core, await stranger(core, "erik"), of_maria)).customer_id == household
    assert (await kinds(core, household)).count(SecurityEventKind.INVITATION_WITHDRAWN) == 1


@pytest.mark.requirement("S3")
async def test_tries_are_few(core: Core, maria: Caller) -> None:
    _, token = await invited(core, maria)
    anna, attempts = await stranger(core, "anna"), counting(failures_per_account="2/1 hour")

    for code in ("INVITATION_INVALID", "INVITATION_INVALID", "RATE_LIMITED"):
        with pytest.raises(RequestError, match=code):
            await invitations.accept_invitation(core, attempts, anna, "nonsense")
    with pytest.raises(RequestError, match="RATE_LIMITED"):
        await invitations.accept_invitation(core, attempts, anna, token)

    page = await members.list_members(core, maria, customer(maria), None, None)
    assert len(page.edges) == 1


async def test_withdrawing_is_idempotent_and_too_late_once_accepted(core: Core, maria: Caller) -> None:
    made, _ = await invited(core, maria, "a")
    accepted, token = await invited(core, maria, "b")
    await accept(core, await stranger(core, "anna"), token)

    first = await invitations.withdraw_invitation(core, maria, made.id)
    again = await invitations.withdraw_invitation(core, maria, made.id)
    with pytest.raises(RequestError, match="INVITATION_ACCEPTED"):
        await invitations.withdraw_invitation(core, maria, accepted.id)

    assert first == again
    assert (first.state, first.ended_at) == (InvitationState.WITHDRAWN, NOON)


@pytest.mark.requirement("S3", "R4")
async def test_only_a_manager_invites_and_sees_invitations(core: Core, maria: Caller, lars: Caller) -> None:
    made, _ = await invited(core, maria)
    anna = await joined(core, customer(maria), "anna", AUTHORIZED)

    for caller, code in ((Caller(), "UNAUTHENTICATED"), (lars, "NOT_FOUND"), (anna, "FORBIDDEN")):
        for attempt in (
            invitations.invite_member(core, caller, InviteMember(MANAGER, "x", customer(maria))),
            invitations.list_invitations(core, caller, customer(maria), None, None),
            invitations.withdraw_invitation(core, caller, made.id),
        ):
            with pytest.raises(RequestError) as caught:
                await attempt
            assert caught.value.problems[0].code == code
        assert await invitations.find_invitation(core, caller, made.id) is None
    for invitation_id in (new_id("Invitation"), "nonsense", "\0"):
        with pytest.raises(RequestError, match="NOT_FOUND"):
            await invitations.withdraw_invitation(core, maria, invitation_id)

    page = await invitations.list_invitations(core, maria, customer(maria), None, None)
    assert [edge.node for edge in page.edges] == [made]


@pytest.mark.parametrize(
    ("wrong", "problem"),
    [
        ({"email": "nonsense"}, ("INVALID_FORMAT", ("email",))),
        ({"expires_at": NOON}, ("INVALID_PERIOD", ("expiresAt",))),
        ({"expires_at": NOON + timedelta(days=31)}, ("INVALID_PERIOD", ("expiresAt",))),
    ],
)
async def test_a_wrong_invitation_is_refused_at_its_field(
    core: Core, maria: Caller, wrong: dict[str, Any], problem: tuple[str, tuple[str, ...]]
) -> None:
    with pytest.raises(RequestError) as caught:
        await invited(core, maria, **wrong)

    assert [(each.code, each.field) for each in caught.value.problems] == [problem]
    page = await invitations.list_invitations(core, maria, customer(maria), None, None)
    assert page.edges == []


async def test_a_customer_has_at_most_a_hundred_invitations_waiting(core: Core, maria: Caller) -> None:
    for number in range(invitations.PENDING_PER_CUSTOMER):
        made, _ = await invited(core, maria, str(number))

    with pytest.raises(RequestError, match="TOO_MANY_INVITATIONS"):
        await invited(core, maria, "one more")

    await invitations.withdraw_invitation(core, maria, made.id)
    await invited(core, maria, "one more")


async def test_a_closed_customer_is_joined_no_more(core: Core, maria: Caller) -> None:
    _, token = await invited(core, maria)
    await customers.close_customer(core, maria, customer(maria))

    assert await refusal(core, await stranger(core, "anna"), token) == INVALID
