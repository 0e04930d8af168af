"""A change of the past shows, wherever in the trail it was made, and retention is none."""

import asyncio
from datetime import timedelta

import pytest

from gateway.domain.security import SecurityEventKind
from gateway.domain.security_chain import START, ChainKeys, Head
from gateway.domain.security_verification import Damage, Finding
from gateway.storage import MemoryWakeUps, SqlStorage, open_storage
from gateway.storage.audit_trail import AuditTrail
from tests.clock import NOON, SettableClock
from tests.security.recording import event, record, recorded, tamper, verify

SWAP = (
    "UPDATE security_event SET seq = -1 WHERE seq = 2",
    "UPDATE security_event SET seq = 2 WHERE seq = 3",
    "UPDATE security_event SET seq = 3 WHERE seq = -1",
)
CUT = ("DELETE FROM security_event WHERE seq > 3",)
CUT_WITH_HEAD = (
    *CUT,
    "UPDATE security_head SET seq = 3, digest = (SELECT digest FROM security_event WHERE seq = 3)",
)
DAMAGES = {
    "a moment": (("UPDATE security_event SET params = '{}' WHERE seq = 2",), Finding(2, Damage.CHANGED)),
    "who did it": (("UPDATE security_event SET actor = 'another' WHERE seq = 3",), Finding(3, Damage.CHANGED)),
    "how often": (("UPDATE security_event SET times = 9 WHERE seq = 1",), Finding(1, Damage.CHANGED)),
    "a digest": (("UPDATE security_event SET digest = 'f' WHERE seq = 4",), Finding(4, Damage.CHANGED)),
    "an address": (("UPDATE security_event SET address = '::1' WHERE seq = 1",), Finding(1, Damage.ADDRESS_CHANGED)),
    "an address made up": (
        ("UPDATE security_event SET address = '::1', salt = 'x' WHERE seq = 2",),
        Finding(2, Damage.ADDRESS_CHANGED),
    ),
    "a key": (("UPDATE security_event SET key_id = 'another' WHERE seq = 2",), Finding(2, Damage.UNKNOWN_KEY)),
    "one removed": (("DELETE FROM security_event WHERE seq = 2",), Finding(2, Damage.REMOVED)),
    "the first removed": (("DELETE FROM security_event WHERE seq = 1",), Finding(1, Damage.REMOVED)),
    "removed and closed up": (
        ("DELETE FROM security_event WHERE seq = 2", "UPDATE security_event SET seq = seq - 1 WHERE seq > 2"),
        Finding(2, Damage.REORDERED),
    ),
    "two swapped": (SWAP, Finding(2, Damage.REORDERED)),
    "the end cut off": (CUT, Finding(4, Damage.CUT_OFF)),
    "all removed": (("DELETE FROM security_event",), Finding(1, Damage.CUT_OFF)),
    "the head moved": (("UPDATE security_head SET seq = 4",), Finding(5, Damage.HEAD_CHANGED)),
    "the head lost": (("DELETE FROM security_head",), Finding(5, Damage.HEAD_CHANGED)),
    "retention made up": (
        (
            "UPDATE security_head SET anchor_seq = 2,"
            " anchor_key_id = (SELECT key_id FROM security_event WHERE seq = 1),"
            " anchor_digest = (SELECT digest FROM security_event WHERE seq = 2), anchor_seal = 'f'",
            "DELETE FROM security_event WHERE seq < 3",
        ),
        Finding(2, Damage.ANCHOR_CHANGED),
    ),
}


async def five(storage: SqlStorage) -> None:
    await record(storage, event(1, address="192.0.2.1"), *(event(number) for number in range(2, 6)))


@pytest.mark.requirement("S4")
@pytest.mark.parametrize("damage", DAMAGES)
async def test_damage_is_found_at_its_place(storage: SqlStorage, damage: str) -> None:
    statements, expected = DAMAGES[damage]
    await five(storage)
    assert (await verify(storage)).finding is None

    await tamper(storage, *statements)

    assert (await verify(storage)).finding == expected


@pytest.mark.requirement("S4")
async def test_an_end_cut_off_with_its_head_is_found_by_the_note_outside(storage: SqlStorage) -> None:
    await five(storage)
    noted = storage.audit.head
    assert noted is not None

    await tamper(storage, *CUT_WITH_HEAD)

    assert (await verify(storage)).finding is None
    assert (await verify(storage, noted)).finding == Finding(4, Damage.CUT_OFF)


async def test_a_trail_written_anew_after_a_cut_is_found_by_the_note_outside(storage: SqlStorage) -> None:
    await five(storage)
    noted = storage.audit.head
    assert noted is not None
    await tamper(storage, *CUT_WITH_HEAD)

    await record(storage, event(7), event(8), event(9))

    assert (await verify(storage)).finding is None
    assert (await verify(storage, noted)).finding == Finding(5, Damage.CHANGED)


async def test_a_new_key_goes_on_with_the_chain_and_the_old_one_still_checks_it(
    emptied_url: str, wakeups: MemoryWakeUps, clock: SettableClock
) -> None:
    old, new = b"o" * 32, b"n" * 32
    for keys in ((old,), (new, old)):
        async with open_storage(emptied_url, wakeups, clock, None, AuditTrail(ChainKeys(keys))) as storage:
            await record(storage, event())
            assert (await verify(storage)).finding is None

    async with open_storage(emptied_url, wakeups, clock, None, AuditTrail(ChainKeys((new,)))) as storage:
        without = await verify(storage)

    assert without.finding == Finding(1, Damage.UNKNOWN_KEY)


async def test_an_empty_trail_is_whole(storage: SqlStorage) -> None:
    found = await verify(storage)

    assert (found.finding, found.count, found.head) == (None, 0, Head(0, START))


@pytest.mark.requirement("S4")
async def test_what_retention_removes_leaves_a_trail_that_is_whole(storage: SqlStorage) -> None:
    old, young = NOON - timedelta(days=400), NOON
    await record(storage, *(event(number, at=old) for number in range(3)), event(4, at=young), event(5, at=old))
    await judge(storage, 5)

    async with storage.writing() as unit:
        count = await unit.security_events.remove_before(NOON - timedelta(days=365), NOON)
    found = await verify(storage)

    left = await recorded(storage)
    assert (count, found.finding, found.count, found.start) == (3, None, 3, 3)
    # One that is old behind one that is not stays until that one goes.
    assert [each.sequence for each in left] == [4, 5, 6]
    assert (left[-1].kind, left[-1].params["count"], left[-1].params["through"]) == (
        SecurityEventKind.EVENTS_REMOVED,
        "3",
        "3",
    )
    await tamper(storage, "DELETE FROM security_event WHERE seq = 4")
    assert (await verify(storage)).finding == Finding(4, Damage.REMOVED)


async def judge(storage: SqlStorage, through: int) -> None:
    async with storage.writing() as unit:
        await unit.security_events.set_judged(through)


async def test_retention_leaves_what_the_rules_of_alarm_have_not_seen(storage: SqlStorage) -> None:
    await record(storage, event(1), event(2))
    await judge(storage, 1)

    async with storage.writing() as unit:
        count = await unit.security_events.remove_before(NOON + timedelta(days=1), NOON)

    assert (count, [each.sequence for each in await recorded(storage)]) == (1, [2, 3])


@pytest.mark.requirement("S4", "S5")
async def test_addresses_are_erased_and_the_trail_stays_whole(storage: SqlStorage) -> None:
    await record(
        storage,
        event(1, actor_id="a", address="192.0.2.1"),
        event(2, actor_id="b", address="192.0.2.1"),
        event(3, actor_id="a", address="192.0.2.9", at=NOON + timedelta(days=9)),
        event(4, actor_id="a"),
    )

    async with storage.writing() as unit:
        count = await unit.security_events.erase_addresses(NOON, "a", NOON + timedelta(days=1))
    found = await verify(storage)

    events = await recorded(storage)
    assert (count, found.finding, found.count, found.erased) == (1, None, 5, 1)
    assert [each.address for each in events] == [None, "192.0.2.1", "192.0.2.9", None, None]
    assert events[-1].kind is SecurityEventKind.ADDRESSES_ERASED
    assert events[-1].actor_id is None


async def test_writers_beside_each_other_make_one_whole_chain(storage: SqlStorage) -> None:
    await asyncio.gather(*(record(storage, *(event(number) for number in range(5))) for _ in range(8)))

    found = await verify(storage)

    assert (found.finding, found.count) == (None, 40)
