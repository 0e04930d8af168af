"""Runs the HTTP server until it is told to end: once gracefully, the second time at once."""

import asyncio
import contextlib
import gc
import signal
import socket
import sys
from collections.abc import Callable, Coroutine, Generator
from typing import Any

import uvicorn
from starlette.types import ASGIApp

from gateway.settings import Settings

SIGNALS = (signal.SIGINT, signal.SIGTERM)
GRACE_S = 3


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, end_streams: Callable[[], None]) -> None:
        super().__init__(config)
        self._end_streams = end_streams

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Ends what stays open, then waits for the rest."""
        self._end_streams()
        # One turn of the loop for each to say so.
        await asyncio.sleep(0.05)
        await super().shutdown(sockets)

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Leaves signals to `Ending`: uvicorn would raise them again before the rest has ended."""
        yield


class Ending:
    """Ctrl-C and SIGTERM: before the server runs they cancel the start; then they end the server; a third one kills."""

    def __init__(self, task: "asyncio.Task[Any]") -> None:
        self._task = task
        self._server: uvicorn.Server | None = None
        self.is_asked = False

    def install(self) -> None:
        """Listens to the signals from now on."""
        for number in SIGNALS:
            asyncio.get_running_loop().add_signal_handler(number, self.ask)

    def ask(self) -> None:
        """Ends; again: at once."""
        if self._server is None:
            self._task.cancel()
        elif not self.is_asked:
            self._server.should_exit = True
        else:
            self._server.force_exit = True
            for number in SIGNALS:
                asyncio.get_running_loop().remove_signal_handler(number)
        self.is_asked = True

    async def serve(
        self, asgi: ASGIApp, listener: socket.socket, settings: Settings, end_streams: Callable[[], None] = lambda: None
    ) -> None:
        """Serves until asked to end; then what stays open is ended first, so that nobody waits for it."""
        _spare_the_followers()
        self._server = _Server(_config(asgi, settings), end_streams)
        self._server.should_exit = self.is_asked
        await self._server.serve([listener])


def _spare_the_followers() -> None:
    """Sets the interpreter to many objects that stay, and to events that are stored while others are handed on."""
    # What the start has made stays for ever. Each subscriber's state stays long: to look through it again and again was
    # half of the CPU of a delivery, in pauses of a tenth of a second.
    gc.collect()
    gc.freeze()
    # What is new is looked through in small portions: fifty thousand at once made every request wait for that long. All
    # that there is, which takes long with many followers, is seldom: hardly anything is left to be found there.
    gc.set_threshold(5_000, 10, 100)
    # An event's commit hops between threads, and waits at each hop for as long as another one may go on.
    sys.setswitchinterval(0.001)


def _config(asgi: ASGIApp, settings: Settings) -> uvicorn.Config:
    return uvicorn.Config(
        asgi,
        lifespan="off",
        ws="websockets-sansio",
        ws_max_size=1024 * 1024,
        # A window for each connection costs more memory than all else of it, and its share of CPU in each delivery.
        ws_per_message_deflate=False,
        # The gateway decides itself which proxies it believes.
        proxy_headers=False,
        server_header=False,
        access_log=False,
        log_config=None,
        timeout_graceful_shutdown=GRACE_S,
        timeout_keep_alive=75,
    )


def run_until_asked(main: Callable[[Ending], Coroutine[Any, Any, int]]) -> int:
    """Runs it in an event loop of its own; 0 when it was asked to end, else what it returns."""
    with asyncio.Runner(loop_factory=uvicorn.Config("", log_config=None).get_loop_factory()) as runner:
        return runner.run(_until_asked(main))


async def _until_asked(main: Callable[[Ending], Coroutine[Any, Any, int]]) -> int:
    task = asyncio.current_task()
    assert task is not None  # noqa: S101
    ending = Ending(task)
    ending.install()
    try:
        return await main(ending)
    except asyncio.CancelledError:
        if not ending.is_asked:
            raise
        return 0
