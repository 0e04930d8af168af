"""Doing what is due: each timer is taken off the list and carried out in one transaction."""

import sqlite3
from collections.abc import Callable, Mapping
from typing import Generic, TypeVar

from providers.simulator import clock
from providers.simulator.desk import Office, wait_until
from providers.simulator.storage import timers

AnOffice = TypeVar("AnOffice", bound=Office)
Action = Callable[[AnOffice, sqlite3.Connection, str, float], None]
"""What a timer does: the operator, its database, the subject, and the time."""


class Scheduler(Generic[AnOffice]):
    """The task that carries out an operator's timers, also those that fell due while nobody was there."""

    def __init__(self, desk: AnOffice, actions: Mapping[str, Action[AnOffice]]) -> None:
        self._desk, self._actions = desk, actions

    async def run(self) -> None:
        """Goes on until it is cancelled."""
        while True:
            while await self._desk.change(self._do_next):
                pass
            self._desk.timers_changed.clear()
            due = await self._desk.look(timers.next_due)
            await wait_until(self._desk.timers_changed, due, clock.now())

    def _do_next(self, desk: AnOffice, db: sqlite3.Connection) -> bool:
        now = clock.now()
        timer = timers.take_due(db, now)
        if timer is None:
            return False
        self._actions[timer.action](desk, db, timer.subject, now)
        return True
