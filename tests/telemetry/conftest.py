"""A gateway whose spans are collected."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.api.telemetry.exporting import TraceSettings, open_telemetry
from gateway.settings import LOOPBACK
from tests.api.running import Running, running
from tests.federation.scripted import offering
from tests.telemetry.collector import Collector, collecting


@pytest.fixture
async def collector(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Collector]:
    """Takes spans as soon as they are there."""
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "20")
    async with collecting() as started:
        yield started


@pytest.fixture
async def gateway(tmp_path: Path, collector: Collector) -> AsyncIterator[Running]:
    """With one provider's offering, and metrics for this machine."""
    async with (
        open_telemetry(TraceSettings("otlp", collector.url)) as telemetry,
        running(tmp_path, [offering("nord", "o-1")], telemetry, metrics_networks=LOOPBACK) as started,
    ):
        yield started
