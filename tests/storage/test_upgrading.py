"""`gateway db upgrade` as processes: from nothing, from an older version, two at once, and what is refused."""

import subprocess
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, NullPool, create_engine, inspect, make_url, text

from gateway.storage import schema, tables
from tests.e2e.processes import clean_environment
from tests.storage.test_member_migration import BEFORE, upgrade_to

REVISIONS = [each.revision for each in schema.revisions().walk_revisions()]
NEWEST = REVISIONS[0]
UPGRADED = (0, "the database is up to date\n", "")

PEOPLE = "SELECT count(*) FROM membership"


def _connected(database_url: str) -> Connection:
    url = make_url(database_url)
    driver = "postgresql+psycopg" if url.get_backend_name() == "postgresql" else "sqlite"
    return create_engine(url.set(drivername=driver), poolclass=NullPool).connect()


def _upgrade(database_url: str, folders: Sequence[Path]) -> list[tuple[int, str, str]]:
    """As many processes at the same moment as there are folders of data."""
    command = [sys.executable, "-m", "gateway", "db", "upgrade", "--data"]
    environment = clean_environment(GATEWAY_DATABASE_URL=database_url)
    with ExitStack() as ending:
        begun = [
            ending.enter_context(
                subprocess.Popen(
                    [*command, str(folder)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
                )
            )
            for folder in folders
        ]
        told = [each.communicate(timeout=60) for each in begun]
    return [(each.returncode, *said) for each, said in zip(begun, told, strict=True)]


def _state(connection: Connection) -> tuple[str | None, list[object]]:
    """The revision, and what differs from the tables that the code uses."""
    options = {"version_table": schema.VERSION_TABLE, "compare_type": True}
    differences: list[object] = compare_metadata(MigrationContext.configure(connection, opts=options), tables.metadata)
    return schema.migration_context(connection).get_current_revision(), differences


@pytest.mark.timeout(120)
def test_two_upgrades_at_the_same_moment_make_an_empty_database_once(database_url: str, tmp_path: Path) -> None:
    done = _upgrade(database_url, [tmp_path / "one", tmp_path / "two"])

    assert done == [UPGRADED, UPGRADED]
    with _connected(database_url) as connection:
        assert _state(connection) == (NEWEST, [])


@pytest.mark.timeout(120)
def test_two_upgrades_at_the_same_moment_bring_an_older_database_up_to_date_and_keep_what_is_in_it(
    database_url: str, tmp_path: Path
) -> None:
    with _connected(database_url) as connection:
        upgrade_to(connection, "0005")
        for statement in filter(str.strip, BEFORE.split(";")):
            connection.execute(text(statement))
        connection.commit()

    done = _upgrade(database_url, [tmp_path / "one", tmp_path / "two"])

    assert done == [UPGRADED, UPGRADED]
    with _connected(database_url) as connection:
        assert _state(connection) == (NEWEST, [])
        assert connection.execute(text(PEOPLE)).scalar_one() == 2


@pytest.mark.parametrize("revision", [REVISIONS[-1], REVISIONS[len(REVISIONS) // 2], REVISIONS[1]])
def test_whatever_revision_a_database_is_at_an_upgrade_makes_the_very_tables_that_the_code_uses(
    database_url: str, revision: str
) -> None:
    with _connected(database_url) as connection:
        upgrade_to(connection, revision)
        schema.upgrade(connection)

        assert _state(connection) == (NEWEST, [])


@pytest.mark.parametrize("name", ["invoice", "actor"])
@pytest.mark.timeout(120)
def test_a_database_that_something_else_made_is_refused_in_one_line_and_stays_as_it_was(
    database_url: str, tmp_path: Path, name: str
) -> None:
    with _connected(database_url) as connection:
        connection.execute(text(f"CREATE TABLE {name} (number INTEGER)"))
        connection.commit()

    done = _upgrade(database_url, [tmp_path / "one"])

    refusal = f"gateway: the database is something else's: it has tables ({name}) and no revision; use an empty one\n"
    assert done == [(1, "", refusal)]
    with _connected(database_url) as connection:
        assert inspect(connection).get_table_names() == [name]
