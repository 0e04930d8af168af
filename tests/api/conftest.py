"""A running gateway for each test that asks for one."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.api.running import Running, running
from tests.federation.scripted import offering


@pytest.fixture
async def gateway(tmp_path: Path) -> AsyncIterator[Running]:
    """With three offerings of one provider."""
    offerings = [offering("nord", f"o-{number}", f"Fibre {number}00") for number in (1, 2, 3)]
    async with running(tmp_path, offerings, frame_limit=10_000, init_timeout_s=0.5, beat_s=0.3) as started:
        yield started
