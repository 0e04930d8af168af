"""Registers with each provider for its events, at an address of its own that nobody can guess."""

import asyncio
import hashlib
import hmac
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress

from gateway.contract.events import Events
from gateway.domain.errors import ProviderError
from gateway.federation.directory import Directory

log = logging.getLogger(__name__)

# How often a lasting registration is looked after: a provider that was connected anew is registered with again.
CARE_S = 30.0


class Callbacks:
    """The addresses that providers post to: `<public url>/providers/<slug>/events/<secret>`.

    The secret is made of the gateway's own key and the slug, so that it is the same at each start and known to that
    provider alone.
    """

    def __init__(self, public_url: str, key: bytes) -> None:
        self._public_url = public_url.rstrip("/")
        self._key = key

    def secret(self, slug: str) -> str:
        """The secret in the provider's address."""
        return hmac.new(self._key, f"events:{slug}".encode(), hashlib.sha256).hexdigest()[:40]

    def is_secret(self, slug: str, secret: str) -> bool:
        """Whether that is the provider's secret; takes the same time for each wrong one."""
        return hmac.compare_digest(self.secret(slug).encode(), secret.encode())

    def url(self, slug: str) -> str:
        """The address that the provider posts to."""
        return f"{self._public_url}/providers/{slug}/events/{self.secret(slug)}"


class Subscriptions:
    """The registrations for events at the providers, each in a task of its own that tries again."""

    def __init__(self, directory: Directory, callbacks: Callbacks, retry_s: float) -> None:
        self._directory = directory
        self._callbacks = callbacks
        self._retry_s = retry_s
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def add(self, slug: str) -> None:
        """Registers with that provider from now on; again is harmless."""
        if slug not in self._tasks:
            keeping = _keep(self._directory, slug, self._callbacks.url(slug), self._retry_s)
            self._tasks[slug] = asyncio.create_task(keeping)

    async def drop(self, slug: str) -> None:
        """Takes the registration back; again is harmless."""
        await _ended([task for task in [self._tasks.pop(slug, None)] if task])

    async def close(self) -> None:
        """Takes every registration back."""
        tasks, self._tasks = list(self._tasks.values()), {}
        await _ended(tasks)


async def _ended(tasks: Sequence[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


@asynccontextmanager
async def registered(directory: Directory, callbacks: Callbacks, retry_s: float = 2.0) -> AsyncIterator[Subscriptions]:
    """From entry to exit registered with every provider that sends events; one that is away is tried again."""
    subscriptions = Subscriptions(directory, callbacks, retry_s)
    for provider in directory.providers():
        subscriptions.add(provider.profile.slug)
    try:
        yield subscriptions
    finally:
        await subscriptions.close()


async def _keep(directory: Directory, slug: str, url: str, retry_s: float) -> None:
    current: Events | None = None
    told: str | None = None
    try:
        while True:
            provider = directory.provider(slug)
            events = provider.events if provider else None
            if events is not None and events is not current:
                failure = await _subscribe(events, url)
                # Once: it is tried again for as long as it takes.
                if failure not in {None, told}:
                    log.warning("no events yet provider=%s error=%s", slug, failure)
                told = failure
                current = events if failure is None else current
            await asyncio.sleep(CARE_S if current is not None and current is events else retry_s)
    finally:
        if current is not None:
            with suppress(ProviderError, TimeoutError):
                async with asyncio.timeout(1.0):
                    await current.unsubscribe()


async def _subscribe(events: Events, url: str) -> str | None:
    """Returns the kind of error that kept it from being registered, None where it is."""
    try:
        await events.subscribe(url)
    except ProviderError as error:
        return type(error).__name__
    return None
