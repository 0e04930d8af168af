"""The world of the tests of catalogue and bundles."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.bundles.world import World, open_world


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """Six operators, a gateway's core, and a customer."""
    async with open_world(tmp_path) as opened:
        yield opened
