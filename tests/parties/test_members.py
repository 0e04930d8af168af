"""Who sees whom of a customer's members, page by page."""

import pytest

from gateway.domain.errors import RequestError
from gateway.domain.members import Member
from gateway.domain.parties import Caller, MemberRole
from gateway.usecases import members
from gateway.usecases.core import Core
from tests.parties.joining import customer, joined
from tests.samples import new_id

MANAGER, AUTHORIZED, SERVICE = MemberRole


def names(found: list[Member]) -> list[str]:
    return [each.actor.username for each in found]


async def listed(core: Core, caller: Caller, customer_id: str, first: int = 100) -> list[Member]:
    found: list[Member] = []
    after = None
    while True:
        page = await members.list_members(core, caller, customer_id, first, after)
        found += [edge.node for edge in page.edges]
        after = page.page_info.end_cursor
        if not page.page_info.has_next_page:
            return found


@pytest.mark.requirement("R1", "S3")
async def test_a_manager_sees_every_member_and_others_themselves_and_the_managers(core: Core, maria: Caller) -> None:
    household = customer(maria)
    anna = await joined(core, household, "anna", AUTHORIZED)
    erik = await joined(core, household, "erik", SERVICE)

    seen = {each: names(await listed(core, each, household, 1)) for each in (maria, anna, erik)}

    assert list(seen.values()) == [["maria", "anna", "erik"], ["maria", "anna"], ["maria", "erik"]]


@pytest.mark.requirement("S3")
async def test_a_strangers_page_of_members_is_as_unknown_as_a_customer_that_never_was(
    core: Core, maria: Caller, lars: Caller
) -> None:
    (member,) = await listed(core, maria, customer(maria))

    for customer_id in (customer(maria), new_id("Customer"), "nonsense"):
        with pytest.raises(RequestError, match="NOT_FOUND"):
            await members.list_members(core, lars, customer_id, None, None)
    assert await members.find_member(core, maria, member.id) == member
    assert await members.find_member(core, lars, member.id) is None


async def test_a_member_tells_no_one_else_for_whom_it_acts(core: Core, maria: Caller) -> None:
    household = customer(maria)
    anna = await joined(core, household, "anna", AUTHORIZED)

    of_maria, of_anna = await listed(core, anna, household)

    assert of_maria.actor.memberships == ()
    assert anna.actor is not None
    assert of_anna.actor.memberships == anna.actor.memberships


async def test_a_cursor_of_another_customers_members_is_refused(core: Core, maria: Caller, lars: Caller) -> None:
    page = await members.list_members(core, lars, customer(lars), None, None)

    with pytest.raises(RequestError, match="BAD_CURSOR"):
        await members.list_members(core, maria, customer(maria), None, page.page_info.end_cursor)
