"""Opening a database: its schema, its file, and what is refused."""

import asyncio
import sqlite3
import stat
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, create_engine, inspect, text
from sqlalchemy.exc import SQLAlchemyError

from gateway.storage import MemoryWakeUps, SqlStorage, StorageUnavailable, UnknownRevision, open_storage, schema, tables
from gateway.storage.failures import ForeignDatabase
from tests.clock import SettableClock
from tests.samples import a_customer, an_account

pytestmark = pytest.mark.usefixtures("schema_from_nothing")


def differences(connection: Connection) -> list[object]:
    context = MigrationContext.configure(connection, opts={"version_table": schema.VERSION_TABLE, "compare_type": True})
    found: list[object] = compare_metadata(context, tables.metadata)
    return found


async def test_the_revisions_make_the_very_tables_that_the_code_uses(storage: SqlStorage) -> None:
    async with storage.engine.connect() as connection:
        assert await connection.run_sync(differences) == []


async def test_what_is_kept_survives_a_restart(database_url: str, wakeups: MemoryWakeUps, clock: SettableClock) -> None:
    account = an_account()
    async with open_storage(database_url, wakeups, clock, None) as storage, storage.writing() as unit:
        await unit.accounts.add(account)

    async with open_storage(database_url, wakeups, clock, None) as storage, storage.reading() as unit:
        actor = await unit.accounts.actor(account.actor_id)

    assert actor is not None
    assert actor.memberships[0].customer.id == account.customer_id


async def test_two_processes_may_start_on_one_new_database(
    database_url: str, wakeups: MemoryWakeUps, clock: SettableClock
) -> None:
    async def start() -> bool:
        async with open_storage(database_url, wakeups, clock, None) as storage:
            return await storage.is_ready()

    assert await asyncio.gather(*(start() for _ in range(3))) == [True, True, True]


async def test_a_database_of_a_newer_version_is_refused_in_one_line(
    database_url: str, wakeups: MemoryWakeUps, clock: SettableClock
) -> None:
    async with open_storage(database_url, wakeups, clock, None) as storage, storage.engine.begin() as connection:
        await connection.execute(text("UPDATE gateway_revision SET version_num = '9999'"))

    with pytest.raises(UnknownRevision, match="revision 9999") as caught:
        async with open_storage(database_url, wakeups, clock, None):
            pass

    assert "\n" not in str(caught.value)


async def test_a_database_of_another_program_is_refused_and_left_as_it_is(
    database_url: str, wakeups: MemoryWakeUps, clock: SettableClock
) -> None:
    async with open_storage(database_url, wakeups, clock, None) as storage, storage.engine.begin() as connection:
        await connection.run_sync(tables.metadata.drop_all)
        await connection.execute(text("DROP TABLE gateway_revision"))
        await connection.execute(text("CREATE TABLE ledger (id INTEGER)"))

    with pytest.raises(ForeignDatabase, match="ledger") as caught:
        async with open_storage(database_url, wakeups, clock, None):
            pass

    assert "\n" not in str(caught.value)
    engine = create_engine(database_url)
    assert inspect(engine).get_table_names() == ["ledger"]
    engine.dispose()


@pytest.mark.parametrize(
    "url",
    ["mysql://localhost/x", "nonsense", "sqlite://", "sqlite:////proc/nowhere/x.db", "postgresql://localhost:1/none"],
)
async def test_a_database_that_can_not_be_opened_is_one_clear_line(
    url: str, wakeups: MemoryWakeUps, clock: SettableClock
) -> None:
    with pytest.raises(StorageUnavailable) as caught:
        async with open_storage(url, wakeups, clock, None):
            pass

    assert "\n" not in str(caught.value)


async def test_reading_changes_nothing(storage: SqlStorage) -> None:
    with pytest.raises(SQLAlchemyError):
        async with storage.reading() as unit:
            await unit.accounts.add(an_account())

    async with storage.reading() as unit:
        assert await unit.accounts.credentials("maria") is None


async def test_a_reader_sees_one_moment_and_does_not_wait_for_the_writer(storage: SqlStorage) -> None:
    async with storage.reading() as reader:
        before = await reader.accounts.credentials("maria")
        await a_customer(storage)
        after = await reader.accounts.credentials("maria")

    assert (before, after) == (None, None)


async def test_a_cancelled_writer_leaves_no_lock_behind(storage: SqlStorage) -> None:
    async def write_slowly() -> None:
        async with storage.writing() as unit:
            await unit.accounts.add(an_account("lars", None))
            await asyncio.sleep(60)

    for delay in (0.0, 0.001, 0.01, 0.05):
        task = asyncio.create_task(write_slowly())
        await asyncio.sleep(delay)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    await a_customer(storage)
    async with storage.reading() as unit:
        assert await unit.accounts.credentials("lars") is None


async def test_a_connection_that_is_given_up_between_a_statement_and_its_rows_leaves_no_lock(
    tmp_path: Path, wakeups: MemoryWakeUps, clock: SettableClock
) -> None:
    async with open_storage(f"sqlite:///{tmp_path / 'gateway.db'}", wakeups, clock, None) as storage:
        async with storage.engine.connect() as connection:
            await connection.begin()
            driver = (await connection.get_raw_connection()).driver_connection
            assert driver is not None
            unread = await driver.execute("SELECT 1 UNION ALL SELECT 2")
            await connection.invalidate()

        async with asyncio.timeout(5):
            await a_customer(storage)
        del unread


async def test_the_sqlite_file_is_in_wal_and_for_its_owner_alone(
    tmp_path: Path, wakeups: MemoryWakeUps, clock: SettableClock
) -> None:
    path = tmp_path / "new folder" / "gateway.db"

    async with open_storage(f"sqlite:///{path}", wakeups, clock, None) as storage:
        await a_customer(storage)
        async with storage.engine.connect() as connection:
            synchronous = (await connection.exec_driver_sql("PRAGMA synchronous")).scalar_one()
            foreign_keys = (await connection.exec_driver_sql("PRAGMA foreign_keys")).scalar_one()
        modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
        with sqlite3.connect(path) as other:
            journal = other.execute("PRAGMA journal_mode").fetchone()[0]
        other.close()

    assert modes == dict.fromkeys(("gateway.db", "gateway.db-wal", "gateway.db-shm"), 0o600)
    assert (journal, synchronous, foreign_keys) == ("wal", 2, 1)
    assert storage.sync_url == f"sqlite:///{path}"


async def test_a_reader_that_is_cancelled_twice_leaves_nothing_that_waits_for_ever(
    tmp_path: Path, wakeups: MemoryWakeUps, clock: SettableClock
) -> None:
    slow = text(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000) SELECT max(i) FROM n"
    )

    async def read() -> None:
        async with storage._reader.connect() as connection:
            await connection.execute(slow)

    async with open_storage(f"sqlite:///{tmp_path / 'gateway.db'}", wakeups, clock, None) as storage:
        reading, others = asyncio.create_task(read()), asyncio.all_tasks()
        await asyncio.sleep(0.05)
        reading.cancel()
        await asyncio.sleep(0.01)
        [closing] = asyncio.all_tasks() - others
        reading.cancel()
        await asyncio.sleep(0.01)
        closing.cancel()

        assert await asyncio.wait([reading, closing], timeout=5) == ({reading, closing}, set())
