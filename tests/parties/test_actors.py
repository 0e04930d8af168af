"""Who an actor is by now, for who began something a while ago."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from gateway.domain.errors import StorageUnavailable
from gateway.domain.parties import Actor, Caller, MemberRole, SelfServiceFunction
from gateway.usecases import actors, members, policy
from gateway.usecases.actors import as_kept, as_now
from gateway.usecases.core import Core
from gateway.usecases.erasing import Erasing, erase_account_of
from tests.parties.joining import customer, joined
from tests.parties.test_membership import member_of

ORDER = SelfServiceFunction.ORDER


@pytest.mark.requirement("S5", "S2")
async def test_who_was_erased_meanwhile_may_do_nothing_more(core: Core, maria: Caller) -> None:
    household = customer(maria)
    anna = await joined(core, household, "anna", MemberRole.SELF_SERVICE_MANAGER)
    eraser = Erasing(core.storage, core.clock, core.onboarding.sealing)

    await erase_account_of(eraser, "anna")

    async with core.storage.reading() as unit:
        kept = await as_kept(unit, anna)
    now = await as_now(core.actors, anna)
    assert policy.can(anna, household, ORDER)
    assert [policy.manages(each, household) for each in (kept, now)] == [False, False]
    assert [policy.can(each, household, ORDER) for each in (kept, now)] == [False, False]


def failing_once(find: Callable[[str], Awaitable[Actor | None]]) -> Callable[[str], Awaitable[Actor | None]]:
    """The storage is away at the first time."""
    failures = [StorageUnavailable("away")]

    async def found(actor_id: str) -> Actor | None:
        if failures:
            raise failures.pop()
        return await find(actor_id)

    return found


@pytest.mark.requirement("S2", "R3")
async def test_a_follower_s_right_is_watched_on_after_the_storage_was_away(
    core: Core, maria: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    household = customer(maria)
    anna = await joined(core, household, "anna", MemberRole.SELF_SERVICE_MANAGER)
    member = await member_of(core, anna, household)
    monkeypatch.setattr(actors, "AGAIN_S", 0.01)
    monkeypatch.setattr(core.actors, "find", failing_once(core.actors.find))

    async with core.standings.held(anna, household) as standing:
        await asyncio.sleep(0.05)
        before = standing.is_lost
        await members.remove_member(core, maria, member.id)
        await asyncio.sleep(0.1)

        assert (before, standing.is_lost) == (False, True)
