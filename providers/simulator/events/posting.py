"""Posting the letters: in order to each subscription, side by side to different ones, again when they fail."""

import asyncio
import contextlib
from collections import defaultdict
from functools import partial
from sqlite3 import Connection

import aiohttp

from providers.simulator import clock
from providers.simulator.desk import Desk, wait_until
from providers.simulator.events import outbox
from providers.simulator.events.outbox import Letter
from providers.simulator.faults import POSTAL
from providers.simulator.web.answers import CONTENT_TYPE


class Posting:
    """The task that empties an operator's outbox."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._busy: dict[str, asyncio.Task[None]] = {}

    async def run(self) -> None:
        """Goes on until it is cancelled."""
        timeout = aiohttp.ClientTimeout(total=self._desk.settings.hub_timeout_s)
        async with aiohttp.ClientSession(timeout=timeout) as session:
            try:
                while True:
                    await self._round(session)
            finally:
                for task in self._busy.values():
                    task.cancel()
                await asyncio.gather(*self._busy.values(), return_exceptions=True)

    async def _round(self, session: aiohttp.ClientSession) -> None:
        now, busy = clock.now(), set(self._busy)
        letters, due = await self._desk.look(partial(_waiting, now=now, busy=busy))
        by_subscription = defaultdict(list)
        for letter in letters:
            by_subscription[letter.subscription_id].append(letter)
        for subscription, batch in by_subscription.items():
            self._busy[subscription] = asyncio.create_task(self._post_all(session, subscription, batch))
        if not letters:
            await wait_until(self._desk.letters_changed, due, now)

    async def _post_all(self, session: aiohttp.ClientSession, subscription: str, letters: list[Letter]) -> None:
        try:
            for letter in letters:
                await self._post_one(session, letter)
        finally:
            del self._busy[subscription]
            self._desk.letters_changed.set()

    async def _post_one(self, session: aiohttp.ClientSession, letter: Letter) -> None:
        fault = None if letter.tampered else self._desk.faults.take("hub.event", POSTAL, letter.body.decode())
        kind = fault.kind if fault else None
        if fault and kind == "delay":
            due = clock.now() + fault.seconds
            await self._desk.look(partial(outbox.postpone, letter=letter, due=due))
            return
        if kind == "lose":
            await self._desk.look(partial(outbox.delivered, letter=letter))
            return
        arrived = await _send(session, letter)
        for _ in range(fault.copies if fault and kind == "repeat" else 0):
            await _send(session, letter)
        await self._desk.look(partial(self._settle, letter=letter, arrived=arrived))

    def _settle(self, db: Connection, letter: Letter, arrived: bool) -> None:
        if arrived:
            outbox.delivered(db, letter)
        elif letter.attempts + 1 >= self._desk.settings.hub_attempts:
            outbox.give_up(db, letter)
        else:
            pause = self._desk.settings.hub_backoff_s * 2**letter.attempts
            outbox.retry(db, letter, clock.now() + pause)


def _waiting(db: Connection, now: float, busy: set[str]) -> tuple[list[Letter], float | None]:
    return outbox.due_letters(db, now, busy), outbox.next_due(db, busy)


async def _send(session: aiohttp.ClientSession, letter: Letter) -> bool:
    headers = {"Content-Type": CONTENT_TYPE}
    with contextlib.suppress(aiohttp.ClientError, TimeoutError, OSError, ValueError):
        async with session.post(letter.callback, data=letter.body, headers=headers) as response:
            await response.read()
            return response.status < 300
    return False
