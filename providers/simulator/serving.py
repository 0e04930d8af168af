"""Running operators: in a test's own event loop, or as the one process of a demo.

In a test::

    async with run_operators(tmp_path, ("fjordnet",), delivery_max_s=0.05) as urls:
        urls["fjordnet"]    # http://127.0.0.1:PORT/tmf-api
"""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Generator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import uvicorn

from providers.simulator.application import application
from providers.simulator.billing import month
from providers.simulator.catalog.catalogue import Catalogue
from providers.simulator.catalog.sheet import sheet
from providers.simulator.desk import Desk
from providers.simulator.events.posting import Posting
from providers.simulator.market import OperatorEntry, market
from providers.simulator.ordering import cancellation, delivery, placing
from providers.simulator.scheduler import Action, Scheduler
from providers.simulator.settings import Settings
from providers.simulator.storage.store import Store
from providers.simulator.web.dropping import DroppableProtocol

ACTIONS: Mapping[str, Action] = {
    placing.START: delivery.start,
    placing.FINISH: delivery.finish,
    cancellation.CANCEL: cancellation.finish,
    cancellation.REFUSE: cancellation.refuse,
    month.CLOSE: month.close_month,
}


@dataclass(frozen=True)
class Address:
    """Where an operator answers: the root of its TM Forum APIs, and of its control API."""

    entry: OperatorEntry
    root: str

    @property
    def url(self) -> str:
        """The root of the TM Forum APIs."""
        return f"{self.root}/tmf-api"


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.answers = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Leaves signals to whoever runs the operators."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Says when it answers."""
        await super().startup(sockets)
        self.answers.set()


FOR_TESTS = Settings(Path(), delivery_min_s=0.05, delivery_max_s=0.1, month_s=3600.0, faults_enabled=True)
"""What a test wants: fast deliveries, no month that closes unasked, and the control API."""


@contextlib.asynccontextmanager
async def run_operators(
    data: Path, only: Sequence[str] | None = None, settings: Settings = FOR_TESTS, **changes: Any
) -> AsyncIterator[dict[str, str]]:
    """Operators for a test, on free ports of the loopback: the TM Forum root of each, by slug.

    `changes` are attributes of `Settings` that differ. The control API of an operator is at its address with
    `/_control` in the place of `/tmf-api`. Started again on the same folder, operators go on where they were.
    """
    chosen = replace(settings, **{**changes, "data": data})
    async with serve(chosen, None if only is None else tuple(only), {}) as (addresses, _):
        yield {address.entry.slug: address.url for address in addresses}


@contextlib.asynccontextmanager
async def serve(
    settings: Settings, only: tuple[str, ...] | None, ports: Mapping[str, int]
) -> AsyncIterator[tuple[list[Address], "asyncio.Task[None]"]]:
    """Operators that answer as long as the block runs; the task ends, with the error, when a part of one breaks down.

    Raises: OSError for a port that is taken, ValueError for an unknown slug.
    """
    entries = market().select(only)
    async with contextlib.AsyncExitStack() as stack:
        started = [await stack.enter_async_context(_operator(entry, settings, ports)) for entry in entries]
        async with asyncio.TaskGroup() as group:
            watch = group.create_task(_first_end([task for _, tasks in started for task in tasks]))
            yield [address for address, _ in started], watch
            watch.cancel()


async def _first_end(tasks: list["asyncio.Task[None]"]) -> None:
    done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in done:
        task.result()


@contextlib.asynccontextmanager
async def _operator(
    entry: OperatorEntry, settings: Settings, ports: Mapping[str, int]
) -> AsyncIterator[tuple[Address, list["asyncio.Task[None]"]]]:
    listener = _listen(settings.host, ports.get(entry.slug, 0))
    desk = Desk(
        entry,
        settings,
        Catalogue(entry.slug, entry.name, sheet(entry.slug)),
        Store(settings.data / f"{entry.slug}.sqlite"),
    )
    await desk.change(month.open_month)
    server = _Server(_config(desk))
    tasks = [
        asyncio.create_task(work)
        for work in (Scheduler(desk, ACTIONS).run(), Posting(desk).run(), server.serve([listener]))
    ]
    try:
        await server.answers.wait()
        host, port = listener.getsockname()[:2]
        yield Address(entry, f"http://{host}:{port}"), tasks
    finally:
        await _stop(server, tasks)
        desk.store.close()


async def _stop(server: uvicorn.Server, tasks: list["asyncio.Task[None]"]) -> None:
    server.should_exit = True
    for task in tasks[:-1]:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _listen(host: str, port: int) -> socket.socket:
    # With its protocol named, asyncio turns Nagle off on what it accepts: 40 ms a call otherwise.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(512)
    except OSError:
        listener.close()
        raise
    return listener


def _config(desk: Desk) -> uvicorn.Config:
    return uvicorn.Config(
        application(desk),
        http=DroppableProtocol,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=1,
        timeout_keep_alive=75,
    )
