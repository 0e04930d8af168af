"""The log of the providers' health: numbered without a gap, and no longer than is useful."""

import asyncio
from datetime import timedelta

import pytest

from gateway.domain.health import Circuit, HealthChange, HealthState
from gateway.ports import health as port
from gateway.storage import MemoryWakeUps, SqlStorage, health
from tests.clock import NOON


def change(provider: str, minute: int = 0, state: HealthState = HealthState.UP) -> HealthChange:
    return HealthChange(provider, "catalog", state, Circuit.CLOSED, NOON + timedelta(minutes=minute))


async def append(storage: SqlStorage, *changes: HealthChange) -> None:
    for each in changes:
        async with storage.writing() as unit:
            await unit.health.append(each, "here")


async def test_each_provider_has_numbers_of_its_own(storage: SqlStorage, wakeups: MemoryWakeUps) -> None:
    with wakeups.listen("health:nord") as waiter:
        await append(storage, change("nord"), change("syd"), change("nord", 1, HealthState.DOWN))
        assert await waiter.wait(0.1)

    async with storage.reading() as unit:
        found = await unit.health.of_provider("nord", 0, 10)
        rest = await unit.health.of_provider("nord", 1, 10)
        last = await unit.health.last("nord"), await unit.health.last("nobody")

    assert [(each.sequence, each.state, each.occurred_at, each.gateway) for each in found] == [
        (1, HealthState.UP, NOON, "here"),
        (2, HealthState.DOWN, NOON + timedelta(minutes=1), "here"),
    ]
    assert (list(rest), last) == (found[1:], (2, 0))


async def test_two_at_once_leave_no_gap(storage: SqlStorage) -> None:
    await asyncio.gather(*(append(storage, change("nord", minute)) for minute in range(8)))

    async with storage.reading() as unit:
        found = await unit.health.of_provider("nord", 0, 10)
    assert [each.sequence for each in found] == list(range(1, 9))


async def test_only_the_newest_are_kept(storage: SqlStorage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "KEPT", 3)
    await append(storage, *(change("nord", minute) for minute in range(5)), change("syd"))

    async with storage.reading() as unit:
        found = await unit.health.of_provider("nord", 0, 10)
        other = await unit.health.of_provider("syd", 0, 10)
    assert ([each.sequence for each in found], len(other)) == ([3, 4, 5], 1)
    assert port.KEPT == 1000
