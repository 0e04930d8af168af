"""One demo for all tests that leave it as it was, and a consumer of it."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.e2e.consumer import Consumer, consumer
from tests.e2e.processes import Program, credentials, demo


@pytest.fixture(scope="session")
def demo_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the session's demo."""
    return tmp_path_factory.mktemp("e2e") / "data"


@pytest.fixture(scope="session")
def started_demo(demo_data: Path) -> Iterator[Program]:
    """The session's demo; it may still be starting."""
    with demo(demo_data) as program:
        yield program


@pytest.fixture
async def running(started_demo: Program) -> Program:
    """The session's demo, ready."""
    await started_demo.ready()
    return started_demo


@pytest.fixture
async def nobody(running: Program) -> AsyncIterator[Consumer]:
    """A consumer of the session's demo who has not signed in."""
    async with consumer(running.url) as asker:
        yield asker


@pytest.fixture
async def guest(nobody: Consumer) -> Consumer:
    """A manager of a new household."""
    return await nobody.newcomer()


@pytest.fixture
async def seeded(nobody: Consumer, demo_data: Path) -> Consumer:
    """The seeded manager `demo`."""
    return await nobody.signed_in("demo", credentials(demo_data)["demo"])
