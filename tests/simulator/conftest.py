"""Operators for the tests: fast ones, that can be told to fail."""

from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from providers.simulator.serving import run_operators
from tests.simulator.calls import Operator


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    """A client."""
    async with aiohttp.ClientSession() as opened:
        yield opened


@pytest.fixture
async def fjordnet(tmp_path: Path, session: aiohttp.ClientSession) -> AsyncIterator[Operator]:
    """A network operator."""
    async with run_operators(tmp_path, ("fjordnet",)) as urls:
        yield Operator(session, urls["fjordnet"])


@pytest.fixture
async def aurora(tmp_path: Path, session: aiohttp.ClientSession) -> AsyncIterator[Operator]:
    """A service provider."""
    async with run_operators(tmp_path, ("aurora",)) as urls:
        yield Operator(session, urls["aurora"])
