"""Checks run by themselves: once, by one process, through restarts; and a bad provider never sells."""

import asyncio
from collections import Counter
from dataclasses import replace
from datetime import timedelta

from gateway.contract import ContractBroken
from gateway.domain.registration_events import (
    CheckFinished,
    ProviderRegistered,
    RegistrationActivated,
    RegistrationChecking,
    RegistrationRefused,
    RegistrationRemoved,
    RegistrationResumed,
    RegistrationSuspended,
    RegistrationUpdated,
)
from gateway.domain.registrations import CheckOutcome, CheckResult, Connection, RegistrationStatus
from gateway.usecases import checking
from gateway.usecases.registration_inputs import UpdateProvider
from gateway.usecases.registrations import remove_provider, resume_provider, suspend_provider, update_provider
from tests.federation.scripted import Adapter, at_once, failing, never
from tests.registrations.world import ACME, OTHER, Gate, World, open_world, until
from tests.storage.conftest import needs_postgres

BAD = failing(ContractBroken("acme-tv", "catalog", "<html>what the provider answered</html>"))


async def test_each_outcome_is_stored_as_it_comes_and_told(world: World) -> None:
    made = await world.register()
    active = await world.settled(made)

    events = await world.events(made)
    checks = [each.check for each in events if isinstance(each, CheckFinished)]
    kinds = [type(each) for each in events]

    assert kinds == [ProviderRegistered, RegistrationChecking, *[CheckFinished] * len(checks), RegistrationActivated]
    assert [each.sequence for each in events] == list(range(1, len(events) + 1))
    assert {each.status for each in events[:-1]} == {RegistrationStatus.CHECKING}
    assert events[-1].status is RegistrationStatus.ACTIVE
    assert active.checks == tuple(checks)
    assert CheckOutcome("catalog.paging", CheckResult.PASSED, "2 offerings") in active.checks
    assert {each.name for each in active.checks if each.result is CheckResult.LACKING} >= {"ordering", "billing"}
    assert active.capabilities == ("catalog", "events")


async def test_a_failed_check_leaves_a_draft_with_a_code_and_nothing_of_the_answer(world: World) -> None:
    world.adapter.behaviour = BAD
    made = await world.register()
    draft = await world.settled(made, RegistrationStatus.DRAFT)

    assert CheckOutcome("catalog.paging", CheckResult.FAILED, "PROVIDER_CONTRACT_BROKEN") in draft.checks
    assert draft.conformance is not None
    assert not draft.conformance.passed
    assert isinstance((await world.events(made))[-1], RegistrationRefused)
    assert "html" not in str(draft)
    assert world.core.directory.provider("acme-tv") is None

    world.adapter.behaviour = at_once
    again = await resume_provider(world.core, ACME, made.id)
    assert again.status is RegistrationStatus.CHECKING
    await world.settled(made)
    assert RegistrationResumed in map(type, await world.events(made))
    await until(lambda: world.offerings("acme-tv") == 2)


async def test_a_provider_whose_adapter_is_gone_is_a_draft(emptied_url: str) -> None:
    async with open_world(emptied_url, checks=False, adapters={"other": Adapter().connect}) as world:
        made = await world.register(connection=Connection("other"))

    async with open_world(emptied_url) as again:
        draft = await again.settled(made, RegistrationStatus.DRAFT)

    assert draft.checks == (CheckOutcome("connection", CheckResult.FAILED, "UNKNOWN_ADAPTER"),)


async def test_checks_go_on_after_a_process_that_died_amid_them(emptied_url: str) -> None:
    async with open_world(emptied_url) as world:
        world.adapter.behaviour = never
        made = await world.register()

        async def is_at_it() -> bool:
            return [type(each) for each in await world.events(made)] == [ProviderRegistered, RegistrationChecking]

        await until(is_at_it)

    async with open_world(emptied_url) as again:
        active = await again.settled(made)
        kinds = Counter(type(each) for each in await again.events(made))

    assert kinds[RegistrationChecking] == 2
    assert kinds[RegistrationActivated] == 1
    assert kinds[CheckFinished] == len(active.checks)


async def test_who_has_many_slow_providers_keeps_nobody_else_waiting(world: World) -> None:
    world.adapter.behaviour = never
    slow = [await world.register(slug=f"slow-{number}") for number in range(10)]
    await until(lambda: world.adapter.open == 1 + checking.AT_ONCE_OF_AN_OWNER)
    world.adapter.behaviour = at_once

    quick = await world.settled(await world.register(OTHER, slug="quick"))

    assert quick.status is RegistrationStatus.ACTIVE
    assert {(await world.read(each)).status for each in slow} == {RegistrationStatus.CHECKING}


def test_so_many_checks_run_at_once_and_so_many_of_an_owner_the_oldest_first() -> None:
    waiting = {f"{owner}{number}": owner for owner in ("a", None, "b", "c", "d", "e") for number in range(3)}

    assert checking.next_of(waiting, []) == ["a0", "a1", "None0", "None1", "b0", "b1", "c0", "c1"]
    assert checking.next_of(waiting, ["a", "a", "b"]) == ["None0", "None1", "b0", "c0", "c1"]
    assert checking.next_of({}, ["a"]) == []


@needs_postgres
async def test_two_processes_run_the_checks_of_each_registration_once(emptied_postgres: str) -> None:
    async with open_world(emptied_postgres, by="one") as one, open_world(emptied_postgres, by="two") as two:
        made = [await (one, two)[turn % 2].register(slug=f"p{turn}") for turn in range(6)]
        for each in made:
            await one.settled(each)
        kinds = [Counter(type(event) for event in await two.events(each)) for each in made]

    assert [(each[RegistrationChecking], each[RegistrationActivated]) for each in kinds] == [(1, 1)] * 6


@needs_postgres
async def test_a_dead_process_checks_are_taken_over_by_another_once_its_right_expired(emptied_postgres: str) -> None:
    async with open_world(emptied_postgres, by="dead", checks=False) as dead:
        made = await dead.register()
        now = dead.core.clock.now()
        async with dead.storage.writing() as unit:
            assert await unit.registrations.claim(made.id, "dead", now, now + timedelta(seconds=0.5))
        async with open_world(emptied_postgres, by="living") as living:
            assert (await living.read(made)).status is RegistrationStatus.CHECKING
            await living.settled(made)


async def test_what_a_run_still_has_to_say_counts_no_more_once_the_connection_changed(emptied_url: str) -> None:
    async with open_world(emptied_url, checks=False) as world:
        world.adapter.behaviour = never
        made = await world.register()
        run = asyncio.create_task(checking.run_checks(world.core, made.id))
        await until(lambda: bool(world.adapter.open == 2))
        other = Connection("scripted", {"url": "http://new.example"})

        changed = await update_provider(world.core, ACME, UpdateProvider(made.id, connection=other))
        world.adapter.behaviour = at_once
        run.cancel()
        await asyncio.gather(run, return_exceptions=True)

        assert changed.url == "http://new.example"
        begun = await checking._begin(world.core, made.id)
        assert begun is not None
        stale = replace(begun[0], run=begun[0].run - 1)
        try:
            await checking._keep(world.core, stale, CheckOutcome("catalog", CheckResult.PASSED))
        except checking._Lost:
            pass
        else:
            raise AssertionError("a stale run was heard")
        assert (await world.read(made)).checks == ()


async def test_a_bad_new_connection_leaves_the_old_one_as_it_was(world: World) -> None:
    made = await world.settled(await world.register())
    await until(lambda: world.offerings("acme-tv") == 2)
    world.adapter.behaviour = BAD

    other = Connection("scripted", {"url": "http://new.example"})
    await update_provider(world.core, ACME, UpdateProvider(made.id, connection=other))
    active = await world.settled(made)

    assert active.url == "http://acme.example"
    assert active.conformance is not None
    assert not active.conformance.passed
    async with world.storage.reading() as unit:
        assert (await unit.registrations.connections(made.id)).pending is None
    assert world.offerings("acme-tv") == 2
    kinds = [type(each) for each in await world.events(made)]
    assert RegistrationUpdated in kinds
    assert kinds[-1] is RegistrationRefused


async def test_one_that_is_suspended_amid_its_checks_stays_suspended_after_them(world: World) -> None:
    made = await world.settled(await world.register())
    world.adapter.behaviour = gate = Gate()
    other = Connection("scripted", {"url": "http://new.example"})
    await update_provider(world.core, ACME, UpdateProvider(made.id, connection=other))

    suspended = await suspend_provider(world.core, ACME, made.id)
    assert (suspended.status, suspended.effective) == (RegistrationStatus.CHECKING, RegistrationStatus.SUSPENDED)
    await until(lambda: world.core.directory.is_suspended("acme-tv"))
    gate.open()
    after = await world.settled(made, RegistrationStatus.SUSPENDED)

    assert after.url == "http://new.example"
    assert RegistrationSuspended in map(type, await world.events(made))


async def test_one_that_is_removed_amid_its_checks_is_gone(world: World) -> None:
    world.adapter.behaviour = gate = Gate()
    made = await world.register()
    await until(lambda: world.adapter.open == 2)

    await remove_provider(world.core, ACME, made.id)
    gate.open()

    await until(lambda: world.adapter.open == 1, timeout_s=8)
    assert isinstance((await world.events(made))[-1], RegistrationRemoved)
