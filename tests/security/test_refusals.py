"""Refusals are kept, and nobody can fill the disk with them."""

import asyncio
from collections import Counter

import pytest

from gateway.domain.security import NewSecurityEvent, SecurityEventKind
from gateway.storage import SqlStorage
from gateway.usecases import refusals as module
from gateway.usecases.refusals import ALLOWANCE, REFILL, SINGLE, WAITING, Refusals, keeping
from tests.clock import NOON, SettableClock
from tests.security.recording import recorded

KIND = SecurityEventKind.SIGN_IN_REFUSED


def refusal(address: str = "192.0.2.1", reason: str = "WRONG_PASSWORD") -> NewSecurityEvent:
    return NewSecurityEvent(KIND, NOON, params={"reason": reason}, address=address)


async def test_a_refusal_is_kept_at_once(storage: SqlStorage, clock: SettableClock) -> None:
    refusals = Refusals()
    async with keeping(refusals, storage, clock):
        refusals.note(refusal())
        async with asyncio.timeout(5):
            while not await recorded(storage):  # noqa: ASYNC110 nobody tells
                await asyncio.sleep(0.01)

    (kept,) = await recorded(storage)
    assert (kept.kind, kept.params, kept.address, kept.times) == (KIND, {"reason": "WRONG_PASSWORD"}, "192.0.2.1", 1)


@pytest.mark.requirement("S4")
async def test_equal_refusals_are_a_few_rows_and_a_number(storage: SqlStorage, clock: SettableClock) -> None:
    refusals = Refusals()

    async with keeping(refusals, storage, clock):
        for _ in range(1000):
            refusals.note(refusal())

    assert [each.times for each in await recorded(storage)] == [1] * SINGLE + [1000 - SINGLE]


@pytest.mark.requirement("S4")
async def test_refusals_from_everywhere_are_bounded_and_all_are_counted(
    storage: SqlStorage, clock: SettableClock
) -> None:
    refusals = Refusals()

    async with keeping(refusals, storage, clock):
        for number in range(5000):
            refusals.note(refusal(f"2001:db8:{number:x}::/64"))

    rows = await recorded(storage)
    assert len(rows) == ALLOWANCE + 1
    assert (rows[-1].kind, rows[-1].params, rows[-1].times) == (
        SecurityEventKind.REFUSALS_COUNTED,
        {"kind": KIND},
        5000 - ALLOWANCE,
    )


async def test_an_attack_that_goes_on_gets_fewer_rows_each_minute() -> None:
    refusals, rows = Refusals(), []

    for minute in range(5):
        for number in range(500):
            refusals.note(refusal(f"{minute}-{number}"))
        refusals.end_window(NOON)
        rows.append(len(refusals.take()))

    assert rows[0] == ALLOWANCE + 1
    assert rows[2:] == [REFILL + 1] * 3


async def test_what_is_held_stays_bounded_while_the_database_is_away() -> None:
    refusals = Refusals()

    for window in range(50):
        for number in range(200):
            refusals.note(refusal(f"{window}-{number}"))
        refusals.put_back(refusals.take())
        refusals.end_window(NOON)

    told = Counter(each.kind for each in refusals.take())
    assert WAITING <= told.total() <= WAITING + len(SecurityEventKind)
    assert told[SecurityEventKind.REFUSALS_COUNTED] < 20


async def test_what_can_not_be_kept_is_kept_later(
    storage: SqlStorage, clock: SettableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "RETRY_S", 0.01)
    written, refusals, tries = module._written, Refusals(), Counter[str]()

    async def fails_twice(*given: object) -> None:
        tries["tries"] += 1
        if tries["tries"] <= 2:
            raise OSError("away")
        await written(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(module, "_written", fails_twice)
    async with keeping(refusals, storage, clock):
        refusals.note(refusal())
        async with asyncio.timeout(5):
            while not await recorded(storage):  # noqa: ASYNC110 nobody tells
                await asyncio.sleep(0.01)

    assert len(await recorded(storage)) == 1
    assert tries["tries"] == 3
