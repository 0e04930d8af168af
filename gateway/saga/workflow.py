"""The engine: makes sure that each open order has exactly one driver, across crashes. The only file that knows DBOS.

One workflow an order, its id the order's, started in the transaction that stores the order. Its one step is the
driver: what each step of the
order did is checkpointed in our own tables, in the transaction of the event that tells it. So the steps of
independent items run side by
side in any order, which a replayed log of checkpoints would not allow, and a new version of the code can go on with
an old order.
"""

import asyncio
import contextlib
import logging
import sqlite3
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import sqlalchemy as sa
from dbos import DBOS, DBOSClient, DBOSConfig, EnqueueOptions, StepOptions

log = logging.getLogger(__name__)

_NAME = "gateway"
QUEUE = "orders"
WORKFLOW = "run_order"
# Pinned: by default a deployment would strand the running orders. Raise it only with a way to carry them over.
APPLICATION_VERSION = "1"
_ALIVE = {"PENDING", "ENQUEUED", "DELAYED"}


def _options(order_id: str) -> EnqueueOptions:
    return {
        "queue_name": QUEUE,
        "workflow_name": WORKFLOW,
        "workflow_id": order_id,
        "app_version": APPLICATION_VERSION,
    }


def _teach_seconds(connection: Any, _record: Any) -> None:
    """Gives a SQLite connection the `unixepoch('subsec')` that DBOS asks for on Python 3.12 and newer."""
    if hasattr(connection, "create_function"):
        connection.create_function("unixepoch", -1, lambda *_: time.time())


# SQLite knows it from 3.42 on; an older one answers NULL, and DBOS does not start.
if sqlite3.sqlite_version_info < (3, 42):
    sa.event.listen(sa.Pool, "connect", _teach_seconds)


class Engine:
    """Starts orders' workflows in the caller's transaction, and sees to it that none is left without one."""

    def __init__(self, executor_id: str, poll_s: float = 0.5) -> None:
        self._url = ""
        self._executor_id = executor_id
        self._poll_s = poll_s
        self._client: DBOSClient | None = None
        # The workflows of this process, and whether each still drives its order (else it is being recorded as done).
        self._workflows: dict[asyncio.Task[Any], bool] = {}

    @property
    def is_running(self) -> bool:
        """Whether it takes work."""
        return self._client is not None

    def start_in(self, connection: sa.Connection, order_id: str) -> None:
        """Starts the order's workflow with the commit of that connection's transaction; again makes no second one."""
        if self._client is None:
            raise RuntimeError("the engine is not running")
        self._client.enqueue_in_transaction(connection, _options(order_id), order_id)

    @contextlib.asynccontextmanager
    async def running(
        self,
        database_url: str,
        drive: Callable[[str], Awaitable[None]],
        open_ids: Callable[[], Awaitable[Sequence[str]]],
        sweep_s: float = 60.0,
    ) -> AsyncIterator["Engine"]:
        """Runs from entry to exit, on the database that our own tables are in (a synchronous SQLAlchemy URL).

        Takes up what a former process left, and starts what has no workflow, now and every `sweep_s`.
        """
        self._url = database_url
        self._launch(drive)
        sweeper: asyncio.Task[None] | None = None
        try:
            await DBOS.register_queue_async(QUEUE, polling_interval_sec=self._poll_s)
            self._client = DBOSClient(system_database_url=self._url, application_name=_NAME)
            await self.sweep(await open_ids())
            sweeper = asyncio.create_task(self._sweep_for_ever(open_ids, sweep_s))
            yield self
        finally:
            if sweeper is not None:
                sweeper.cancel()
                await asyncio.gather(sweeper, return_exceptions=True)
            await self._stop()

    async def sweep(self, order_ids: Sequence[str]) -> int:
        """Starts each of these open orders that has no workflow which lives; returns how many."""
        revived = 0
        for order_id in order_ids:
            status = await DBOS.get_workflow_status_async(order_id)
            if status is not None and status.status in _ALIVE:
                continue
            revived += 1
            log.error("order without a workflow order=%s status=%s", order_id, status.status if status else None)
            if status is None:
                await asyncio.to_thread(self._enqueue, order_id)
            else:
                await DBOS.resume_workflow_async(order_id)
        return revived

    def _enqueue(self, order_id: str) -> None:
        if self._client is not None:
            self._client.enqueue(_options(order_id), order_id)

    async def _sweep_for_ever(self, open_ids: Callable[[], Awaitable[Sequence[str]]], sweep_s: float) -> None:
        while True:
            await asyncio.sleep(sweep_s)
            await self.sweep(await open_ids())

    async def _stop(self) -> None:
        """Lets what is done be recorded, drops the rest (it goes on at the next start), and gives the loop back."""
        client, self._client = self._client, None
        recording = [task for task, is_driving in self._workflows.items() if not is_driving]
        if recording:
            await asyncio.wait(recording, timeout=2.0)
        dropped = list(self._workflows)
        for task in dropped:
            task.cancel()
        await asyncio.gather(*dropped, return_exceptions=True)
        await asyncio.to_thread(DBOS.destroy, destroy_registry=True)
        if client is not None:
            client.destroy()
        # DBOS made its own pool the loop's default one, and has just shut it down.
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(thread_name_prefix="gateway-"))

    def _config(self) -> DBOSConfig:
        return DBOSConfig(
            name=_NAME,
            system_database_url=self._url,
            executor_id=self._executor_id,
            application_version=APPLICATION_VERSION,
            log_level="ERROR",
            enable_otlp=False,
            max_executor_threads=8,
        )

    def _launch(self, drive: Callable[[str], Awaitable[None]]) -> None:
        DBOS(config=self._config())

        # DBOS tells a coroutine function from another by looking at it.
        async def drive_once(order_id: str) -> None:
            await drive(order_id)

        @DBOS.workflow(name=WORKFLOW, max_recovery_attempts=None)
        async def run_order(order_id: str) -> None:
            task = asyncio.current_task()
            assert task is not None  # noqa: S101 for the type checker
            self._workflows[task] = True
            task.add_done_callback(self._workflows.pop)
            await DBOS.run_step_async(_DRIVE, drive_once, order_id)
            self._workflows[task] = False

        DBOS.launch()


# A driver fails only when our own store does: then it is tried again for as long as it takes.
_DRIVE: StepOptions = {
    "name": "drive",
    "retries_allowed": True,
    "interval_seconds": 2.0,
    "backoff_rate": 1.0,
    "max_attempts": 1_000_000,
}
