"""What a query has made is freed with its answer: nothing of it waits for the collector of cycles."""

import gc
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from strawberry.dataloader import DataLoader
from tenacity import AsyncRetrying

from gateway.api.context import Context
from gateway.api.loaders import Loaders
from gateway.api.operations.plain_execution import PlainExecutor
from gateway.storage.unit import SqlUnitOfWork
from tests.api.running import Running, running
from tests.e2e.consumer import document
from tests.federation.scripted import offering, price

MADE = (Context, DataLoader, Loaders, PlainExecutor, SqlUnitOfWork, AsyncRetrying)


@pytest.fixture
async def gateway(tmp_path: Path) -> AsyncIterator[Running]:
    async with running(tmp_path, [offering("nord", f"o-{each}", prices=(price("10.00"),)) for each in range(3)]) as it:
        await it.sign_in("maria")
        yield it


@pytest.fixture
def nothing_collected() -> Iterator[None]:
    """No cycle is collected meanwhile."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def left() -> dict[str, int]:
    """What there is of the things that operations make."""
    objects = gc.get_objects()
    return {kind.__name__: sum(type(each) is kind for each in objects) for kind in MADE}


@pytest.mark.usefixtures("nothing_collected")
@pytest.mark.parametrize("number", ["01", "02", "15", "16", "19"])
async def test_nothing_of_a_query_is_left_once_it_is_answered(gateway: Running, number: str) -> None:
    before = left()

    for _ in range(3):
        answer = await gateway.ask(document(number), {"first": 20}, "maria")
        assert "errors" not in answer, answer

    assert left() == before
