"""The engine: makes sure that each open order has exactly one driver, across crashes. The only file that knows DBOS.

One workflow an order, its id the order's, started in the transaction that stores the order. All it does is to run the
driver: what each step of the
order did is checkpointed in our own tables, in the transaction of the event that tells it. So the steps of
independent items run side by
side in any order, which a replayed log of checkpoints would not allow, and a new version of the code can go on with
an old order.
"""

import asyncio
import contextlib
import dataclasses
import logging
import sqlite3
import time
from collections.abc import AsyncIterator, Collection, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from dbos import DBOS, DBOSClient, DBOSConfig, EnqueueOptions, WorkflowStatus, error

from gateway.domain.errors import StorageUnavailable
from gateway.saga.parts import Parts

log = logging.getLogger(__name__)

_NAME = "gateway"
QUEUE = "orders"
WORKFLOW = "run_order"
# Pinned: by default a deployment would strand the running orders. Raise it only with a way to carry them over.
APPLICATION_VERSION = "1"
FORGET_AFTER, FORGET_EVERY_S = timedelta(days=1), 3600.0
_ALIVE = {"PENDING", "ENQUEUED", "DELAYED"}


@dataclass(slots=True)
class _Driven:
    """What one workflow is at."""

    order_id: str
    is_driving: bool = True


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


def name_of(executor_id: str, epoch: int) -> str:
    """What an executor is called while it holds its id for that time: what it left then is told from its own."""
    return f"{executor_id}#{epoch}"


class Engine:
    """Starts orders' workflows in the caller's transaction, and sees to it that none is left without one."""

    def __init__(self, poll_s: float = 0.5, sweep_s: float = 60.0) -> None:
        self._poll_s = poll_s
        self._sweep_s = sweep_s
        self._name = ""
        self._client: DBOSClient | None = None
        self._is_running = False
        self._is_stopping = False
        self._forgets_at_s = 0.0
        # The workflows of this process: their orders, and whether each still drives it (else it is being recorded).
        self._workflows: dict[asyncio.Task[Any], _Driven] = {}
        # Those that should be here and were not, when it was looked last.
        self._missed: frozenset[str] = frozenset()

    @property
    def is_running(self) -> bool:
        """Whether it takes work."""
        return self._is_running

    def start_in(self, connection: sa.Connection, order_id: str) -> None:
        """Starts the order's workflow with the commit of that connection's transaction; again makes no second one.

        Works from the first run on, also while the engine stands still: then the workflow waits.
        """
        if self._client is None:
            raise RuntimeError("the engine has never run")
        self._client.enqueue_in_transaction(connection, _options(order_id), order_id)

    @contextlib.asynccontextmanager
    async def running(self, parts: Parts, name: str = "local#1") -> AsyncIterator["Engine"]:
        """Runs from entry to exit, under that name.

        Takes up what dead executors left, and starts what has no workflow, now and ever again. May be run again.
        Raises: StorageUnavailable.
        """
        self._name = name
        self._is_stopping = False
        sweeper: asyncio.Task[None] | None = None
        try:
            try:
                await self._begin(parts)
            except (sa.exc.OperationalError, sa.exc.InterfaceError, sa.exc.TimeoutError) as fault:
                raise StorageUnavailable(f"the database can't be used: {type(fault).__name__}") from fault
            sweeper = asyncio.create_task(self._sweep_for_ever(parts))
            yield self
        finally:
            self._is_running, self._is_stopping = False, True
            if sweeper is not None:
                sweeper.cancel()
                await asyncio.gather(sweeper, return_exceptions=True)
            await self._stop()

    async def _begin(self, parts: Parts) -> None:
        await self._launch(parts)
        await DBOS.register_queue_async(QUEUE, polling_interval_sec=self._poll_s)
        if self._client is None:
            given: dict[str, Any] = {"application_name": _NAME, "retry_connection_errors": False}
            self._client = await asyncio.to_thread(DBOSClient, system_database_url=parts.database_url, **given)
        self._is_running = True
        await self._sweep(parts)

    @contextlib.asynccontextmanager
    async def kept(self) -> AsyncIterator["Engine"]:
        """Lets orders be started until the exit, whether it runs or not."""
        try:
            yield self
        finally:
            client, self._client = self._client, None
            if client is not None:
                await asyncio.to_thread(client.destroy)

    async def recover(self, executor_id: str) -> None:
        """Hands what the dead executor of that id left, under whatever name, to those who live; again is harmless."""
        names = {each for each in _drivers(await _alive()) if each.rpartition("#")[0] == executor_id}
        await _hand_over(names - {self._name})

    async def _revive(self, parts: Parts, alive: Collection[str]) -> None:
        """Starts each open order that has no workflow which lives; `alive` are those of a moment ago, read at once."""
        unseen = [each for each in await parts.open_ids() if each not in alive]
        missed = {each: status for each in unseen if (status := await _status(each)) not in _ALIVE}
        # One that has ended since it was read has a workflow that has ended, too.
        still_open = set(await parts.open_ids()) if missed else set()
        for order_id, status in missed.items():
            if order_id not in still_open:
                continue
            log.error("order without a workflow order=%s status=%s", order_id, status)
            if status is None:
                await asyncio.to_thread(self._enqueue, order_id)
            else:
                # Not resumed: one that failed, as where the database was lost at the wrong moment, would stay as it is.
                with contextlib.suppress(error.DBOSException):  # another process was first
                    await DBOS.rewind_workflow_async(order_id, queue_name=QUEUE)

    def _enqueue(self, order_id: str) -> None:
        if self._client is not None:
            self._client.enqueue(_options(order_id), order_id)

    async def _sweep(self, parts: Parts) -> None:
        alive = await _alive()
        # Read after those: who began meanwhile is among them.
        living = set(await parts.living()) if parts.living else set()
        await _hand_over(_drivers(alive) - living - {self._name})
        await self._take_back(alive)
        await self._revive(parts, {each.workflow_id for each in alive})
        await self._forget()

    async def _take_back(self, alive: Sequence[WorkflowStatus]) -> None:
        """Begins anew what is said to run here and does not, twice in a row: a former run's thread took it too late."""
        here = {each.order_id for each in self._workflows.values()}
        own = (each for each in alive if each.status == "PENDING" and each.executor_id == self._name)
        missed = frozenset(each.workflow_id for each in own) - here
        for order_id in missed & self._missed:
            log.error("order without a driver order=%s", order_id)
            await DBOS.resume_workflow_async(order_id)
        self._missed = missed

    async def _forget(self) -> None:
        """Drops the workflows of orders that ended a day ago: the orders themselves are ours."""
        now_s = time.monotonic()
        if now_s < self._forgets_at_s:
            return
        self._forgets_at_s = now_s + FORGET_EVERY_S
        before = (datetime.now(UTC) - FORGET_AFTER).isoformat()
        while found := await DBOS.list_workflows_async(
            status="SUCCESS", name=WORKFLOW, completed_before=before, limit=500, load_input=False, load_output=False
        ):
            await DBOS.delete_workflows_async([each.workflow_id for each in found])

    async def _sweep_for_ever(self, parts: Parts) -> None:
        while True:
            await asyncio.sleep(self._sweep_s)
            (failure,) = await asyncio.gather(self._sweep(parts), return_exceptions=True)
            if isinstance(failure, Exception):
                # The kind alone: its text may hold what belongs into no log.
                log.warning("the sweep is put off: %s", type(failure).__name__)

    async def _stop(self) -> None:
        """Lets what is done be recorded, drops the rest (it goes on at the next start), and gives the loop back."""
        recording = [task for task, driven in self._workflows.items() if not driven.is_driving]
        if recording:
            await asyncio.wait(recording, timeout=2.0)
        await self._drop()
        # DBOS made its own pool the loop's default one, and shuts it down: what else the gateway does in threads, and
        # the stop itself, must neither wait for that pool nor be refused by it.
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(thread_name_prefix="gateway-"))
        await asyncio.to_thread(DBOS.destroy, destroy_registry=True)
        await self._drop()

    async def _drop(self) -> None:
        dropped = list(self._workflows)
        for task in dropped:
            task.cancel()
        await asyncio.gather(*dropped, return_exceptions=True)

    def _config(self, parts: Parts) -> DBOSConfig:
        return DBOSConfig(
            name=_NAME,
            system_database_url=parts.database_url,
            db_engine_kwargs={"creator": parts.connect} if parts.connect else None,
            executor_id=self._name,
            application_version=APPLICATION_VERSION,
            log_level="ERROR",
            enable_otlp=False,
            max_executor_threads=8,
        )

    async def _launch(self, parts: Parts) -> None:
        connect = parts.connect

        def connected() -> Any:
            _give_up_at_once(dbos)
            return connect() if connect else None

        dbos = DBOS(config=self._config(dataclasses.replace(parts, connect=connected) if connect else parts))

        @DBOS.workflow(name=WORKFLOW, max_recovery_attempts=None)
        async def run_order(order_id: str) -> None:
            task = asyncio.current_task()
            assert task is not None  # noqa: S101 for the type checker
            self._workflows[task] = driven = _Driven(order_id)
            task.add_done_callback(self._workflows.pop)
            if self._is_stopping:  # its thread took it from the queue too late: it goes on at the next start
                await asyncio.Event().wait()
            await parts.drive_to_the_end(order_id)
            driven.is_driving = False

        # In a thread: it asks the database, which may hang. The drivers run in this loop all the same.
        dbos._background_event_loop.set_main_loop()
        launching = asyncio.create_task(asyncio.to_thread(DBOS.launch))
        try:
            await asyncio.shield(launching)
        except asyncio.CancelledError:
            # It can't be stopped in the midst, and must not go on behind what ends it.
            await asyncio.wait([launching])
            raise
        _give_up_at_once(dbos)


def _give_up_at_once(dbos: DBOS) -> None:
    """Else its threads wait for a database that is away, for up to a minute, and can't be stopped meanwhile."""
    if dbos._sys_db_field is not None:
        dbos._sys_db_field._retry_connection_errors = False


async def _status(order_id: str) -> str | None:
    """How the order's workflow stands; None where there is none."""
    found = await DBOS.get_workflow_status_async(order_id)
    return found.status if found else None


async def _alive() -> Sequence[WorkflowStatus]:
    """The workflows that are said to be driven, or wait to be."""
    return await DBOS.list_workflows_async(status=sorted(_ALIVE), name=WORKFLOW, load_input=False, load_output=False)


def _drivers(alive: Iterable[WorkflowStatus]) -> set[str]:
    """The names of those that are said to drive them."""
    return {each.executor_id or "" for each in alive if each.status == "PENDING"}


async def _hand_over(names: Collection[str]) -> None:
    """Lets whoever lives take what these drove."""
    if names:
        log.warning("orders of %s are handed over", ", ".join(sorted(names)))
        await asyncio.to_thread(DBOS._recover_pending_workflows, sorted(names))
