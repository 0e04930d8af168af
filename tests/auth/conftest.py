"""A server of accounts and sessions for each test."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.api.auth import AuthSettings
from tests.auth.server import ORIGIN, Client, Running, serving
from tests.clock import SettableClock


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Running]:
    async with serving(tmp_path, SettableClock(), AuthSettings(origins=frozenset({ORIGIN}))) as running:
        yield running


@pytest.fixture
def client(server: Running) -> Client:
    return server.client
