"""Asks the providers that post nothing what changed, and wakes whoever waits for it."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from random import uniform

from gateway.contract.events import PolledEvents, Signal
from gateway.domain.errors import ProviderError, Unavailable
from gateway.federation.directory import Directory
from gateway.federation.signals import topics
from gateway.ports import WakeUps

# Who told of a provider that came or went: this, and this often somebody looks by himself.
TOPIC = "providers"
CARE_S = 15.0
# How much longer each pause is than the last one, as long as nothing comes.
GROWTH = 1.5

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds between two questions: after something came, and at most."""

    first_s: float = 2.0
    most_s: float = 60.0


@asynccontextmanager
async def polled(directory: Directory, wakeups: WakeUps, pace: Pace) -> AsyncIterator[None]:
    """From entry to exit asks each provider that can be asked, also one that joins meanwhile.

    Where a list was read up to is kept in memory: after a start it begins at its present end, since all that was open
    is looked at then anyway. An answer that is lost costs a delay: orders are asked after by themselves, too.
    """
    task = asyncio.create_task(Polling(directory, wakeups, pace).keep())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


class Polling:
    """One task for each provider that can be asked; a mark outlives its task as long as the provider is known."""

    def __init__(self, directory: Directory, wakeups: WakeUps, pace: Pace) -> None:
        self._directory = directory
        self._wakeups = wakeups
        self._pace = pace
        self._marks: dict[str, str | None] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}

    async def keep(self) -> None:
        """Follows who is there, until cancelled."""
        try:
            with self._wakeups.listen(TOPIC) as waiter:
                while True:
                    self._match()
                    await waiter.wait(CARE_S)
        finally:
            for task in self._tasks.values():
                task.cancel()
            await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    def _match(self) -> None:
        slugs = {each.profile.slug for each in self._directory.providers() if each.polled_events is not None}
        for slug in self._tasks.keys() - slugs:
            self._tasks.pop(slug).cancel()
        for slug in [each for each in self._marks if self._directory.profile(each) is None]:
            del self._marks[slug]
        for slug in slugs - self._tasks.keys():
            self._tasks[slug] = asyncio.create_task(self._follow(slug))

    async def _follow(self, slug: str) -> None:
        pause_s = self._pace.first_s
        while True:
            provider = self._directory.provider(slug)
            events = provider.polled_events if provider else None
            is_news, asked_s = await self._ask(slug, events) if events else (False, 0.0)
            pause_s = self._pace.first_s if is_news else min(pause_s * GROWTH, self._pace.most_s)
            await asyncio.sleep(max(uniform(0.75, 1.25) * pause_s, asked_s))  # noqa: S311 jitter

    async def _ask(self, slug: str, events: PolledEvents) -> tuple[bool, float]:
        """Whether something changed, and how many seconds the provider asks to be left alone."""
        try:
            found = await events.since(self._marks.get(slug))
        except ProviderError as error:
            _log.info("no answer to what changed provider=%s error=%s", slug, type(error).__name__)
            wait_s = error.retry_after_s if isinstance(error, Unavailable) else None
            return False, wait_s or 0.0
        self._marks[slug] = found.mark if found.mark is not None else self._marks.get(slug)
        self._wake(slug, found.signals)
        return bool(found.signals), 0.0

    def _wake(self, slug: str, signals: tuple[Signal, ...]) -> None:
        self._wakeups.notify(*dict.fromkeys(topic for signal in signals for topic in topics(slug, signal)))
