"""A PostgreSQL that is gone without a word, or hangs: no connection waits for it for as long as the network would."""

import asyncio
import time
from collections.abc import Callable, Sequence

import psycopg
import pytest
from sqlalchemy import make_url

from gateway.ports.executors import LeaseLost
from gateway.storage import MemoryWakeUps, SqlStorage, open_executors, open_storage, open_wakeups, postgres_line
from gateway.storage.failures import StorageUnavailable
from gateway.storage.postgres_sessions import BoundedConnection, EngineConnection
from tests.clock import SettableClock
from tests.proxies import between
from tests.storage.conftest import needs_postgres

BOUNDS = {"connect_timeout": "5", "keepalives_idle": "2", "tcp_user_timeout": "5000"}


@needs_postgres
@pytest.mark.parametrize("given", [{}, {"tcp_user_timeout": "9000"}])
async def test_each_connection_gives_a_silent_server_up_unless_the_address_says_otherwise(
    new_postgres: str, given: dict[str, str]
) -> None:
    address = make_url(new_postgres).update_query_dict(given).render_as_string(hide_password=False)

    async with open_storage(address, MemoryWakeUps(), SettableClock(), None) as storage:
        async with storage.engine.connect() as connection:
            raw = await connection.get_raw_connection()
            info = raw.driver_connection.info.get_parameters()  # type: ignore[union-attr]
        engines_own = make_url(storage.sync_url).query

    expected = {**BOUNDS, **given}
    assert {name: info.get(name) for name in expected} == expected
    assert {name: engines_own.get(name) for name in expected} == expected


@needs_postgres
async def test_a_connection_that_is_not_answered_any_more_is_given_up_and_the_next_one_is_new(
    new_postgres: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.storage.postgres.ANSWER_S", 0.5)
    monkeypatch.setattr(BoundedConnection, "answer_s", 0.5)
    with between(new_postgres) as (proxy, address):
        async with open_storage(address, MemoryWakeUps(), SettableClock(), None) as storage:
            proxy.forget()
            began = time.monotonic()

            async with asyncio.timeout(5):
                with pytest.raises(StorageUnavailable):
                    await _read_after(storage, proxy.forget)
            took_s = time.monotonic() - began
            after = await _read_after(storage, lambda: None)

    assert took_s < 3
    assert after == []


async def _read_after(storage: SqlStorage, happens: Callable[[], None]) -> Sequence[str]:
    async with storage.reading() as uow:
        happens()
        return await uow.orders.open_ids()


@needs_postgres
async def test_the_engines_own_connection_is_given_up_too_and_one_that_listens_is_not(
    new_postgres: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(EngineConnection, "answer_s", 0.5)
    with between(new_postgres) as (proxy, address):
        async with open_storage(address, MemoryWakeUps(), SettableClock(), None) as storage:
            assert storage.sync_connect is not None
            asking, listening = storage.sync_connect(), storage.sync_connect()

            await asyncio.to_thread(list, listening.notifies(timeout=1))
            still_open = not listening.closed
            proxy.forget()
            with pytest.raises(psycopg.OperationalError):
                await asyncio.to_thread(asking.execute, "SELECT 1")
            listening.close()

    assert still_open
    assert asking.closed


@needs_postgres
async def test_a_hold_is_known_to_be_lost_soon_after_the_server_answers_no_more(new_postgres: str) -> None:
    with between(new_postgres) as (proxy, address):
        async with (
            open_storage(address, MemoryWakeUps(), SettableClock(), None),
            open_executors(address, SettableClock()).hold("one") as lease,
        ):
            proxy.forget()
            began = time.monotonic()

            async with asyncio.timeout(10):
                await lease.lost.wait()
            with pytest.raises(LeaseLost):
                await lease.confirm()

    assert time.monotonic() - began < 4


@needs_postgres
async def test_who_can_not_ask_for_the_executors_is_told_that_the_database_is_away(new_postgres: str) -> None:
    with between(new_postgres) as (proxy, address):
        executors = open_executors(address, SettableClock())
        proxy.hold()

        with pytest.raises(StorageUnavailable, match="ConnectionTimeout"):
            await executors.all()
        with pytest.raises(StorageUnavailable, match="ConnectionTimeout"):
            async with executors.hold("one"):
                pass


@needs_postgres
async def test_wake_ups_come_again_after_a_connection_that_listens_was_forgotten(
    new_postgres: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres_line, "QUIET_S", 0.2)
    monkeypatch.setattr(postgres_line, "_ANSWER_S", 0.5)
    with between(new_postgres) as (proxy, address):
        async with open_wakeups(address) as here, open_wakeups(new_postgres) as there:
            with here.listen("topic") as waiter:
                await asyncio.sleep(0.5)
                proxy.forget()
                await asyncio.sleep(2)
                await waiter.wait(0.0)
                there.notify("topic")

                assert await waiter.wait(2.0)
