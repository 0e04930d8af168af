"""Accounts and sessions as they are kept, on every database."""

import asyncio
import dataclasses
from datetime import timedelta

import pytest

from gateway.domain.identity import own_id
from gateway.ports import Session
from gateway.storage import SqlStorage
from tests.clock import NOON
from tests.samples import an_account, new_id

MONTH = NOON + timedelta(days=30)


async def an_actor(storage: SqlStorage, username: str = "maria") -> str:
    account = an_account(username, None)
    async with storage.writing() as unit:
        assert await unit.accounts.add(account)
    return account.actor_id


def a_session(actor_id: str, key: str = "s-1", digest: str = "d-1") -> Session:
    return Session(key, actor_id, digest, None, None, NOON, MONTH)


async def test_of_many_accounts_of_one_name_one_is_made(storage: SqlStorage) -> None:
    async def add(username: str) -> bool:
        async with storage.writing() as unit:
            return await unit.accounts.add(an_account(username, None))

    added = await asyncio.gather(*(add(name) for name in ("maria", "MARIA", "Maria", "maria")))

    assert sum(added) == 1


async def test_of_many_accounts_of_one_email_each_is_made_and_one_has_it(storage: SqlStorage) -> None:
    async def add(username: str) -> bool:
        async with storage.writing() as unit:
            return await unit.accounts.add(an_account(username))

    assert await asyncio.gather(*(add(f"user{number}") for number in range(4))) == [True] * 4
    async with storage.engine.connect() as connection:
        assert (await connection.exec_driver_sql("SELECT count(*) FROM actor_email")).scalar_one() == 1


async def test_an_operator_has_no_customer(storage: SqlStorage) -> None:
    account = dataclasses.replace(an_account("operator", None), customer_id=None, is_operator=True)

    async with storage.writing() as unit:
        assert await unit.accounts.add(account)
        actor = await unit.accounts.actor(account.actor_id)

    assert actor is not None
    assert (actor.is_operator, actor.memberships) == (True, ())


async def test_a_session_is_found_by_each_refresh_token_it_ever_had(storage: SqlStorage) -> None:
    session = a_session(await an_actor(storage))
    later = NOON + timedelta(minutes=15)
    async with storage.writing() as unit:
        await unit.accounts.add_session(session)

    async with storage.writing() as unit:
        assert await unit.accounts.rotate(session, "d-2", later, MONTH + timedelta(minutes=15))

    rotated = dataclasses.replace(
        session,
        refresh_digest="d-2",
        previous_digest="d-1",
        rotated_at=later,
        expires_at=MONTH + timedelta(minutes=15),
        last_used_at=later,
    )
    async with storage.reading() as unit:
        assert await unit.accounts.session("s-1") == rotated
        assert await unit.accounts.session_by_refresh("d-1") == rotated
        assert await unit.accounts.session_by_refresh("d-2") == rotated
        assert await unit.accounts.session_by_refresh("d-3") is None


async def test_of_many_rotations_at_once_one_counts(storage: SqlStorage) -> None:
    session = a_session(await an_actor(storage))
    async with storage.writing() as unit:
        await unit.accounts.add_session(session)

    async def rotate(digest: str) -> bool:
        async with storage.writing() as unit:
            return await unit.accounts.rotate(session, digest, NOON, MONTH)

    rotated = await asyncio.gather(*(rotate(f"d-{number}") for number in range(2, 8)))

    assert sum(rotated) == 1


async def test_a_session_ends_once_and_turns_no_more(storage: SqlStorage) -> None:
    session = a_session(await an_actor(storage))
    async with storage.writing() as unit:
        await unit.accounts.add_session(session)
        await unit.accounts.end_session("s-1", NOON)
        await unit.accounts.end_session("s-1", MONTH)
        await unit.accounts.end_session("another", NOON)
        assert not await unit.accounts.rotate(session, "d-2", NOON, MONTH)

    async with storage.reading() as unit:
        assert await unit.accounts.session("s-1") == dataclasses.replace(session, ended_at=NOON)


async def test_sessions_that_have_long_expired_are_forgotten_at_the_next_sign_in(storage: SqlStorage) -> None:
    maria, lars = await an_actor(storage), await an_actor(storage, "lars")
    async with storage.writing() as unit:
        await unit.accounts.add_session(a_session(maria))
        await unit.accounts.add_session(a_session(lars, "s-2", "d-2"))
        new = dataclasses.replace(a_session(maria, "s-3", "d-3"), created_at=MONTH + timedelta(seconds=1))
        await unit.accounts.add_session(new)

    async with storage.reading() as unit:
        found = [await unit.accounts.session(f"s-{number}") is not None for number in (1, 2, 3)]
        assert await unit.accounts.session_by_refresh("d-1") is None
    assert found == [False, True, True]


@pytest.mark.requirement("S3")
@pytest.mark.parametrize("key", ["\0", "x" * 900, "'", "00000000-0000-0000-0000-000000000000", "é"])
async def test_an_id_of_nothing_finds_nothing(storage: SqlStorage, key: str) -> None:
    async with storage.reading() as unit:
        assert await unit.orders.get(own_id("Order", key)) is None
        assert await unit.bundles.get(own_id("Bundle", key)) is None
        assert await unit.accounts.actor(own_id("Actor", key)) is None
        assert await unit.accounts.site(own_id("Site", key)) is None
        assert await unit.notifications.get(own_id("Notification", key)) is None
        assert await unit.orders.get(key) is None
        assert await unit.orders.page(own_id("Customer", key), 10, None) == []
        assert await unit.orders.page(new_id("Customer"), 10, (NOON, key)) == []
        assert await unit.events.of_order(own_id("Order", key), 0, 10) == []
