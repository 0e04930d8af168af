"""One operator that runs: its HTTP server, its timers and its post, in the event loop of whoever started it."""

import asyncio
import contextlib
import socket
from collections.abc import Generator, Mapping
from typing import Any

import uvicorn

from providers.simulator.application import application
from providers.simulator.billing import month
from providers.simulator.catalog.catalogue import Catalogue
from providers.simulator.catalog.sheet import sheet
from providers.simulator.desk import Desk
from providers.simulator.events.posting import Posting
from providers.simulator.market import ON_API, OperatorEntry
from providers.simulator.onapi.opening import open_network
from providers.simulator.opened import Opened
from providers.simulator.ordering import cancellation, delivery, placing
from providers.simulator.scheduler import Action, Scheduler
from providers.simulator.settings import Settings
from providers.simulator.storage.store import Store
from providers.simulator.web.dropping import DroppableProtocol

ACTIONS: Mapping[str, Action[Desk]] = {
    placing.START: delivery.start,
    placing.FINISH: delivery.finish,
    cancellation.CANCEL: cancellation.finish,
    cancellation.REFUSE: cancellation.refuse,
    month.CLOSE: month.close_month,
}


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


class RunningOperator:
    """An operator between `start` and `stop`; `url` is the root of what it speaks."""

    def __init__(self, entry: OperatorEntry, settings: Settings, listener: socket.socket) -> None:
        self.entry = entry
        host, port = listener.getsockname()[:2]
        self._opened = open_network(entry, settings) if entry.speaks == ON_API else _open_desk(entry, settings)
        self.url = f"http://{host}:{port}{self._opened.base}"
        self._server = _Server(_config(self._opened))
        self._listener = listener
        self.tasks: list[asyncio.Task[None]] = []

    @property
    def told(self) -> dict[str, Any]:
        """What is said of it to who starts the operators."""
        about = {"name": self.entry.name, "roles": list(self.entry.roles), "url": self.url}
        return {**about, **self._opened.told}

    async def start(self) -> None:
        """Carries out what fell due meanwhile, and answers."""
        await self._opened.begin()
        works = (*self._opened.works(), self._server.serve([self._listener]))
        self.tasks = [asyncio.create_task(work) for work in works]
        await self._server.answers.wait()

    async def stop(self) -> None:
        """Finishes the requests at hand (for a second at most), and puts everything away."""
        self._server.should_exit = True
        for task in self.tasks[:-1]:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        self._listener.close()
        self._opened.store.close()


def _open_desk(entry: OperatorEntry, settings: Settings) -> Opened:
    store = Store(settings.data / f"{entry.slug}.sqlite")
    desk = Desk(entry, settings, store, catalogue=Catalogue(entry.slug, entry.name, sheet(entry.slug)))
    return Opened(
        base="/tmf-api",
        application=application(desk),
        store=store,
        begin=lambda: desk.change(month.open_month),
        works=lambda: (Scheduler(desk, ACTIONS).run(), Posting(desk).run()),
    )


def listen(host: str, port: int) -> socket.socket:
    """A socket on that port, 0 for a free one. Raises: OSError for one that is taken."""
    # With its protocol named, asyncio turns Nagle off on what it accepts: 40 ms a call otherwise.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(512)
    except OSError as error:
        listener.close()
        raise OSError(f"cannot listen on {host}:{port}: {error.strerror}") from None
    return listener


def _config(opened: Opened) -> uvicorn.Config:
    return uvicorn.Config(
        opened.application,
        http=DroppableProtocol,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=1,
        timeout_keep_alive=75,
    )
