"""The log of security events: chained in the transaction of what it tells, without a gap or a fork."""

import asyncio
import dataclasses
from typing import Any

import pytest
from sqlalchemy import select

from gateway.domain.security import NewSecurityEvent, SecurityEventKind, network_of
from gateway.domain.security_chain import START, ChainKeys, Head, Link
from gateway.storage import MemoryWakeUps, SqlStorage, tables
from tests.clock import NOON


def event(number: int = 1, address: str | None = None) -> NewSecurityEvent:
    return NewSecurityEvent(SecurityEventKind.SIGNED_IN, NOON, "actor", "customer", "it", {"n": str(number)}, address)


async def record(storage: SqlStorage, *events: NewSecurityEvent) -> None:
    async with storage.writing() as unit:
        for each in events:
            await unit.security_events.record(each)


async def rows(storage: SqlStorage) -> list[dict[str, object]]:
    async with storage.engine.begin() as connection:
        found = await connection.execute(select(tables.security_event).order_by(tables.security_event.c.seq))
        return [dict(row._mapping) for row in found]


async def test_each_event_follows_the_one_before(storage: SqlStorage, wakeups: MemoryWakeUps) -> None:
    with wakeups.listen("security:customer") as waiter:
        await record(storage, event(1), event(2))
        await record(storage, event(3))
        assert await waiter.wait(0.1)

    found = await rows(storage)

    assert [each["seq"] for each in found] == [1, 2, 3]
    assert [each["previous"] for each in found] == [START, found[0]["digest"], found[1]["digest"]]
    assert len({each["digest"] for each in found}) == 3
    assert storage.audit.head == Head(3, str(found[2]["digest"]))


async def fail_after_recording(storage: SqlStorage) -> None:
    async with storage.writing() as unit:
        await unit.security_events.record(event(2))
        raise ZeroDivisionError


async def test_what_is_rolled_back_is_not_told(storage: SqlStorage) -> None:
    await record(storage, event(1))

    with pytest.raises(ZeroDivisionError):
        await fail_after_recording(storage)
    await record(storage, event(3))

    assert [(each["seq"], each["params"]) for each in await rows(storage)] == [(1, '{"n":"1"}'), (2, '{"n":"3"}')]


async def test_many_writers_make_one_chain(storage: SqlStorage) -> None:
    await asyncio.gather(*(record(storage, event(number), event(-number)) for number in range(12)))

    found = await rows(storage)

    assert [each["seq"] for each in found] == list(range(1, 25))
    assert [each["previous"] for each in found] == [START, *(each["digest"] for each in found[:-1])]


async def test_the_address_stands_beside_the_chain(storage: SqlStorage) -> None:
    await record(storage, event(1, "192.0.2.17"), event(2, "192.0.2.17"))

    first, second = await rows(storage)

    assert (first["address"], first["network"]) == ("192.0.2.17", "192.0.2.0/24")
    assert first["personal"] != second["personal"]


def test_a_link_is_of_each_of_its_parts() -> None:
    keys = ChainKeys((b"k" * 32,))
    link = Link(1, "key", "KIND", NOON, "a", "c", "s", "{}", 1, "p", START, keys.newest_id)

    changes: list[dict[str, Any]] = [{name: 7} for name in ("sequence", "times")]
    changes += [{name: "other"} for name in ("key", "kind", "actor_id", "customer_id", "subject", "params")]
    changes += [{name: "other"} for name in ("personal", "previous", "key_id")]
    digests = {keys.digest(dataclasses.replace(link, **each).content()) for each in changes}

    assert len(digests) == 11
    assert keys.digest(link.content()) not in digests
    assert keys.digest(link.content(), "another key") is None


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.17", "192.0.2.0/24"),
        ("2001:db8:1:2:3::4", "2001:db8:1::/48"),
        ("2001:db8:1:2::/64", "2001:db8:1::/48"),
        ("a socket", "a socket"),
    ],
)
def test_a_network_outlives_an_address(address: str, network: str) -> None:
    assert network_of(address) == network
