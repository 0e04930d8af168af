"""Registers with each provider for its events, at an address of its own that nobody can guess."""

import asyncio
import hashlib
import hmac
import logging
from collections.abc import AsyncIterator
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


@asynccontextmanager
async def registered(directory: Directory, callbacks: Callbacks, retry_s: float = 2.0) -> AsyncIterator[None]:
    """From entry to exit registered with every provider that sends events; one that is away is tried again."""
    slugs = [provider.profile.slug for provider in directory.providers()]
    tasks = [asyncio.create_task(_keep(directory, slug, callbacks.url(slug), retry_s)) for slug in slugs]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _keep(directory: Directory, slug: str, url: str, retry_s: float) -> None:
    current: Events | None = None
    try:
        while True:
            provider = directory.provider(slug)
            events = provider.events if provider else None
            if events is not None and events is not current and await _subscribe(events, slug, url):
                current = events
            await asyncio.sleep(CARE_S if current is not None and current is events else retry_s)
    finally:
        if current is not None:
            with suppress(ProviderError, TimeoutError):
                async with asyncio.timeout(1.0):
                    await current.unsubscribe()


async def _subscribe(events: Events, slug: str, url: str) -> bool:
    try:
        await events.subscribe(url)
    except ProviderError as error:
        log.warning("no events yet provider=%s error=%s", slug, type(error).__name__)
        return False
    return True
