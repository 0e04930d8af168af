"""The engine: each open order has one driver, across transactions, failures and starts."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from dbos import DBOS
from dbos._sys_db_postgres import PostgresSystemDatabase

from gateway.domain.errors import StorageUnavailable
from gateway.domain.ordering.states import OrderState
from gateway.saga.driver import drive
from gateway.saga.parts import Parts
from gateway.saga.workflow import Engine
from gateway.storage import MemoryWakeUps, open_storage
from tests.clock import SettableClock
from tests.saga.world import ACCESS, CONTENT, LIMITS, SERVICE, World, item_of, open_world
from tests.storage.conftest import needs_postgres, new_postgres, postgres_server

__all__ = ["new_postgres", "postgres_server"]


@asynccontextmanager
async def running(
    engine: Engine, world: World, driving: Callable[[str], Awaitable[None]] | None = None
) -> AsyncIterator[None]:
    async def drive_it(order_id: str) -> None:
        await drive(world.work, order_id)

    async def open_ids() -> Sequence[str]:
        async with world.storage.reading() as uow:
            return await uow.orders.open_ids()

    parts = Parts(world.storage.sync_url, driving or drive_it, open_ids)
    async with engine.kept(), engine.running(parts):
        yield


@pytest.mark.requirement("R7", "F6")
async def test_an_order_that_is_committed_runs_to_its_end_with_no_human_at_a_provider(tmp_path: Path) -> None:
    engine = Engine(poll_s=0.1)
    async with open_world(tmp_path, starter=engine.start_in) as world, running(engine, world):
        order = await world.place(starts=True)

        order = await world.until(order, lambda now: now.state is OrderState.COMPLETED)

        await world.check_nothing_is_twice()
        await world.check_history(order)


async def test_an_order_goes_on_at_the_next_start_of_the_engine(tmp_path: Path) -> None:
    engine, patient = Engine(poll_s=0.1), replace(LIMITS, delivery_s=60.0)
    # No operator delivers before it is told to, so the engine ends in the middle of the order however long that takes.
    unasked: dict[str, Any] = {"delivery_min_s": 3600.0, "delivery_max_s": 3600.0}
    async with open_world(tmp_path, patient, starter=engine.start_in, **unasked) as world:
        async with running(engine, world):
            order = await world.place(starts=True)
            await world.until(order, lambda now: item_of(now, ACCESS).order_ref is not None)
        assert (await world.read(order)).state is OrderState.IN_PROGRESS

        async with running(Engine(poll_s=0.1), world):
            for slug in (ACCESS, SERVICE, CONTENT):
                await world.until(order, lambda now, at=slug: item_of(now, at).order_ref is not None)
                await world.deliver(slug)
            order = await world.until(order, lambda now: now.state is OrderState.COMPLETED)

        await world.check_nothing_is_twice()
        await world.check_history(order)


async def test_what_the_gateway_does_in_threads_goes_on_while_the_engine_stops(tmp_path: Path) -> None:
    async def beside() -> None:
        while True:
            await asyncio.to_thread(time.sleep, 0.001)

    async with open_world(tmp_path) as world:
        async with running(Engine(poll_s=0.1), world):
            working = asyncio.create_task(beside())
            await asyncio.sleep(0.01)
        assert not working.done(), working.exception()
        working.cancel()


async def test_an_order_that_is_taken_up_while_the_engine_stops_goes_on_at_the_next_start(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine, destroy = Engine(poll_s=0.01), DBOS.destroy

    def takes_a_while(*given: Any, **named: Any) -> None:
        time.sleep(0.3)
        destroy(*given, **named)

    monkeypatch.setattr(DBOS, "destroy", takes_a_while)
    async with open_world(tmp_path, starter=engine.start_in) as world:
        for _ in range(4):
            async with running(engine, world):
                order = await world.place(starts=True)
        async with running(engine, world):
            await world.until(order, lambda now: now.state is OrderState.COMPLETED)

    assert [each.getMessage() for each in caplog.records if each.levelname == "ERROR"] == []


async def test_an_open_order_without_a_workflow_is_found_and_started(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    engine = Engine(poll_s=0.1)
    async with open_world(tmp_path, starter=engine.start_in) as world:
        order = await world.place(starts=False)

        async with running(engine, world):
            await world.until(order, lambda now: now.state is OrderState.COMPLETED)

    assert f"order without a workflow order={order.id}" in caplog.text


async def test_the_sweep_asks_for_no_order_alone_that_has_its_workflow(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine, asked, ask = Engine(poll_s=0.1, sweep_s=0.05), [], DBOS.get_workflow_status_async
    swept = asyncio.Event()

    async def counted(order_id: str) -> Any:
        asked.append(order_id)
        return await ask(order_id)

    async def stand_still(_: str) -> None:
        await asyncio.Event().wait()

    async with open_world(tmp_path, starter=engine.start_in) as world:
        orders = [await world.place(starts=False) for _ in range(2)]

        async def open_ids() -> Sequence[str]:
            swept.set()
            return [order.id for order in orders]

        parts = Parts(world.storage.sync_url, stand_still, open_ids)
        async with engine.kept(), engine.running(parts):
            # Each was started by the first sweep, which asked for it.
            monkeypatch.setattr(DBOS, "get_workflow_status_async", counted)
            for _ in range(3):
                swept.clear()
                await asyncio.wait_for(swept.wait(), 5)

    assert asked == []


async def test_an_open_order_whose_workflow_failed_goes_on(tmp_path: Path) -> None:
    engine = Engine(poll_s=0.1)
    is_driven = asyncio.Event()

    async def stand_still(_: str) -> None:
        is_driven.set()
        await asyncio.Event().wait()

    async with open_world(tmp_path, starter=engine.start_in) as world:
        async with running(engine, world, stand_still):
            order = await world.place(starts=True)
            await is_driven.wait()
        with sa.create_engine(world.storage.sync_url).begin() as connection:
            connection.execute(sa.text("UPDATE workflow_status SET status = 'ERROR'"))

        async with running(Engine(poll_s=0.1), world):
            await world.until(order, lambda now: now.state is OrderState.COMPLETED)

        await world.check_nothing_is_twice()


async def test_an_order_that_ends_while_the_sweep_reads_raises_no_alarm(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    engine, asked = Engine(poll_s=0.1), 0
    async with open_world(tmp_path, starter=engine.start_in) as world, running(engine, world):
        order = await world.place(starts=True)
        await world.until(order, lambda now: now.state is OrderState.COMPLETED)
    stale = [order.id]

    async def drive_it(order_id: str) -> None:
        await drive(world.work, order_id)

    async def open_ids() -> Sequence[str]:
        nonlocal asked
        asked += 1
        return stale if asked % 2 else []

    parts = Parts(world.storage.sync_url, drive_it, open_ids)
    async with Engine(poll_s=0.1).kept() as again, again.running(parts):
        pass

    assert asked == 2
    assert "order without a workflow" not in caplog.text


async def test_a_driver_that_fails_is_tried_again(tmp_path: Path) -> None:
    engine, failures = Engine(poll_s=0.1), [OSError("the disk is full")]
    async with open_world(tmp_path, starter=engine.start_in) as world:

        async def failing(order_id: str) -> None:
            if failures:
                raise failures.pop()
            await drive(world.work, order_id)

        async with running(engine, world, failing):
            order = await world.place(starts=True)
            await world.until(order, lambda now: now.state is OrderState.COMPLETED)

        assert failures == []


async def test_nothing_else_of_the_process_waits_while_the_engine_starts_on_a_slow_database(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    launch, turns = DBOS.launch, 0

    def slowly() -> None:
        time.sleep(0.5)
        launch()

    async def turn() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0.01)
            turns += 1

    monkeypatch.setattr(DBOS, "launch", slowly)
    engine = Engine(poll_s=0.1)
    async with open_world(tmp_path, starter=engine.start_in) as world:
        turning = asyncio.create_task(turn())
        async with running(engine, world):
            at_start = turns
            order = await world.place(starts=True)
            await world.until(order, lambda now: now.state is OrderState.COMPLETED)
        turning.cancel()

    assert at_start > 20


@needs_postgres
async def test_a_database_that_goes_away_while_the_engine_starts_ends_the_start_at_once(
    new_postgres: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[Any] = []
    enter = PostgresSystemDatabase.create_application_version

    def enter_and_lose(database: PostgresSystemDatabase, version: str) -> None:
        enter(database, version)
        opened.append(None)
        for each in opened[:-1]:
            each.close()

    async with open_storage(new_postgres, MemoryWakeUps(), SettableClock(), None) as storage:
        connect = storage.sync_connect
        assert connect is not None

        def connect_until_lost() -> Any:
            if None in opened:
                raise psycopg.OperationalError("connection failed: it is away")
            opened.append(connect())
            return opened[-1]

        async def nothing(*_: object) -> Sequence[str]:
            return ()

        monkeypatch.setattr(PostgresSystemDatabase, "create_application_version", enter_and_lose)
        parts = Parts(storage.sync_url, nothing, nothing, connect=connect_until_lost)  # type: ignore[arg-type]
        began = time.monotonic()

        async with asyncio.timeout(30):
            with pytest.raises(StorageUnavailable):
                async with Engine().running(parts):
                    pass

    assert time.monotonic() - began < 5


def test_any_sqlite_tells_the_time_in_the_way_that_the_engine_asks_for() -> None:
    with sa.create_engine("sqlite://").connect() as connection:
        now = connection.execute(sa.text("SELECT unixepoch('subsec')")).scalar_one()

    assert abs(now - time.time()) < 60
