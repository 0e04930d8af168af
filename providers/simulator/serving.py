"""Running operators: in a test's own event loop, or as the one process of a demo.

In a test::

    async with run_operators(tmp_path, ("fjordnet",), delivery_max_s=0.05) as urls:
        urls["fjordnet"]    # http://127.0.0.1:PORT/tmf-api
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from providers.simulator.market import market
from providers.simulator.running import RunningOperator, listen
from providers.simulator.settings import Settings

FOR_TESTS = Settings(
    Path(),
    delivery_min_s=0.05,
    delivery_max_s=0.1,
    month_s=3600.0,
    faults_enabled=True,
    network_password="open sesame",  # noqa: S106
)
"""What a test wants: fast deliveries, no month that closes unasked, the control API, and a password that is known."""


@contextlib.asynccontextmanager
async def run_operators(
    data: Path, only: Sequence[str] | None = None, settings: Settings = FOR_TESTS, **changes: Any
) -> AsyncIterator[dict[str, str]]:
    """Operators for a test, on free ports of the loopback: the root of each one's APIs, by slug. All: but newcomers.

    `changes` are attributes of `Settings` that differ. The control API of an operator is at its address with
    `/_control` in the place of `/tmf-api` (or `/onapi/2.6`). Started again on the same folder, operators go on where
    they were.
    """
    chosen = replace(settings, **{**changes, "data": data})
    named = tuple(entry.slug for entry in market().operators) if only is None else tuple(only)
    async with serve(chosen, named, {}) as running:
        yield {each.entry.slug: each.url for each in running}


@contextlib.asynccontextmanager
async def serve(
    settings: Settings, only: tuple[str, ...] | None, ports: Mapping[str, int]
) -> AsyncIterator[list[RunningOperator]]:
    """Operators that answer as long as the block runs; all of them, or those named.

    Raises: OSError for a port that is taken, ValueError for an unknown slug.
    """
    running: list[RunningOperator] = []
    try:
        for entry in market().select(only):
            running.append(RunningOperator(entry, settings, listen(settings.host, ports.get(entry.slug, 0))))
            await running[-1].start()
        yield running
    finally:
        await asyncio.gather(*(each.stop() for each in running))


async def breakdown(running: Sequence[RunningOperator]) -> None:
    """Waits until a part of one operator breaks down, which it never should, and raises why."""
    tasks = [task for each in running for task in each.tasks]
    done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in done:
        task.result()
