"""Gateways on a database of each kind."""

from collections.abc import AsyncIterator

import pytest

from tests.registrations.world import World, open_world
from tests.storage.conftest import (
    database_url,
    emptied_postgres,
    emptied_url,
    kept_postgres,
    new_postgres,
    postgres_server,
)

__all__ = ["database_url", "emptied_postgres", "emptied_url", "kept_postgres", "new_postgres", "postgres_server"]


@pytest.fixture
async def world(emptied_url: str) -> AsyncIterator[World]:
    """One gateway that takes over and checks what is registered."""
    async with open_world(emptied_url) as opened:
        yield opened
