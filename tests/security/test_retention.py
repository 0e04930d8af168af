"""Old security events go by themselves, at most once a day, and leave a trail that is whole."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

import pytest

from gateway.domain.security import SecurityEventKind as Kind
from gateway.domain.security_chain import Head
from gateway.domain.security_verification import Damage, Finding
from gateway.storage import MemoryWakeUps, SqlStorage
from gateway.usecases import trail_retention
from gateway.usecases.core import Core
from gateway.usecases.trail_retention import keep_trail_within, trim_trail
from tests.clock import NOON, SettableClock
from tests.cores import a_core
from tests.security.recording import event, record, recorded, tamper, verify

DAY = timedelta(days=1)
YEAR = 365 * DAY


@pytest.fixture
async def core(storage: SqlStorage, wakeups: MemoryWakeUps, clock: SettableClock) -> Core:
    """Over five events, three of them more than a year old, which the rules of alarm have all seen."""
    await record(storage, *(event(number, at=NOON - 400 * DAY) for number in range(3)))
    await record(storage, event(4, at=NOON - 364 * DAY), event(5, at=NOON - 400 * DAY))
    async with storage.writing() as unit:
        await unit.security_events.set_judged(5)
    return a_core(storage, wakeups, clock)


def noted(storage: SqlStorage) -> Head | None:
    return storage.audit.head


async def trim(core: Core, storage: SqlStorage) -> int:
    return await trim_trail(core, storage.audit.keys, lambda: noted(storage), YEAR)


async def sequences(storage: SqlStorage) -> Sequence[int]:
    return [each.sequence for each in await recorded(storage)]


@pytest.mark.requirement("S4", "S5")
async def test_what_is_too_old_goes_and_the_trail_says_so_and_stays_whole(core: Core, storage: SqlStorage) -> None:
    count = await trim(core, storage)

    (told,) = await recorded(storage, Kind.EVENTS_REMOVED)
    found = await verify(storage, *([head] if (head := noted(storage)) else []))
    assert (count, await sequences(storage)) == (3, [4, 5, 6])
    assert (told.params["count"], told.params["through"], told.occurred_at) == ("3", "3", NOON)
    assert (found.finding, found.count, found.start) == (None, 3, 3)


async def test_it_goes_a_part_at_a_time_with_each_told(
    core: Core, storage: SqlStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trail_retention, "BATCH", 2)

    count = await trim(core, storage)

    told = await recorded(storage, Kind.EVENTS_REMOVED)
    assert (count, [each.params["through"] for each in told]) == (3, ["2", "3"])
    assert (await verify(storage)).finding is None


async def test_it_rests_for_most_of_a_day(core: Core, storage: SqlStorage, clock: SettableClock) -> None:
    async def judge_all() -> None:
        async with storage.writing() as unit:
            await unit.security_events.set_judged((await unit.security_events.head()).sequence)

    await trim(core, storage)
    await judge_all()
    clock.at = NOON + 2 * DAY

    counts = [await trim(core, storage)]
    await judge_all()
    await record(storage, event(8, at=NOON))
    for later in (3 * DAY, 400 * DAY, 400 * DAY):
        clock.at = NOON + later
        counts.append(await trim(core, storage))
        await judge_all()

    # At last all but what tells of the removal of that very moment.
    assert counts == [2, 0, 3, 0]
    assert (await verify(storage)).finding is None


@pytest.mark.requirement("S4")
async def test_of_a_broken_trail_nothing_goes(
    core: Core, storage: SqlStorage, caplog: pytest.LogCaptureFixture
) -> None:
    await tamper(storage, "UPDATE security_event SET actor = 'x' WHERE seq = 2")

    count = await trim(core, storage)

    assert (count, await sequences(storage)) == (0, [1, 2, 3, 4, 5])
    assert (await verify(storage)).finding == Finding(2, Damage.CHANGED)
    assert "nothing of it is removed: event 2 is not what was recorded" in caplog.text


async def test_what_no_rule_of_alarm_has_seen_stays(core: Core, storage: SqlStorage) -> None:
    async with storage.writing() as unit:
        await unit.security_events.set_judged(0)

    count = await trim(core, storage)

    assert (count, await sequences(storage)) == (0, [1, 2, 3, 4, 5])


async def test_of_two_processes_that_trim_at_once_each_event_goes_once(core: Core, storage: SqlStorage) -> None:
    counts = await asyncio.gather(trim(core, storage), trim(core, storage))

    told = await recorded(storage, Kind.EVENTS_REMOVED)
    assert (sorted(counts), len(told), await sequences(storage)) == ([0, 3], 1, [4, 5, 6])
    assert (await verify(storage)).finding is None


async def test_it_runs_by_itself(core: Core, storage: SqlStorage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trail_retention, "EVERY_S", 0.01)
    keeping = asyncio.create_task(keep_trail_within(core, storage.audit.keys, lambda: noted(storage), YEAR))

    async with asyncio.timeout(5):
        while not await recorded(storage, Kind.EVENTS_REMOVED):  # noqa: ASYNC110 nobody tells
            await asyncio.sleep(0.01)
    keeping.cancel()
    await asyncio.gather(keeping, return_exceptions=True)

    assert await sequences(storage) == [4, 5, 6]
