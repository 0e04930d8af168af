"""A network for the tests: a fast one, that can be told to fail."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.onapi.calls import Network, a_network


@pytest.fixture
async def network(tmp_path: Path) -> AsyncIterator[Network]:
    """It delivers within a tenth of a second."""
    async with a_network(tmp_path) as opened:
        yield opened


@pytest.fixture
async def slow_network(tmp_path: Path) -> AsyncIterator[Network]:
    """It delivers what it is told to."""
    async with a_network(tmp_path, delivery_min_s=3600.0, delivery_max_s=3600.0) as opened:
        yield opened
