"""One operator's database: a single thread that runs one transaction after the other."""

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from providers.simulator.storage.tables import TABLES

T = TypeVar("T")


def connect(path: Path) -> sqlite3.Connection:
    """Opens the file and makes its tables. What is committed survives a power cut (WAL, synchronous FULL)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=10)
    db.execute("pragma journal_mode = wal")
    db.execute("pragma synchronous = full")
    db.execute("pragma foreign_keys = on")
    db.executescript(TABLES)
    return db


class Store:
    """Runs work on the database, each piece in a transaction of its own, in the order of the calls."""

    def __init__(self, path: Path) -> None:
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix=f"store-{path.stem}")
        self._db = self._thread.submit(connect, path).result()

    async def transact(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Commits what `work` did, or nothing of it when it raises."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._run, work)

    def _run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        self._db.execute("begin immediate")
        try:
            result = work(self._db)
        except BaseException:
            self._db.execute("rollback")
            raise
        self._db.execute("commit")
        return result

    def close(self) -> None:
        """Waits for the work at hand and closes the file."""
        self._thread.submit(self._db.close).result()
        self._thread.shutdown()
