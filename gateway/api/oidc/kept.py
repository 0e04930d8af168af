"""A document of the issuer's, fetched at the first need and kept for a while."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from gateway.api.oidc.http import IssuerUnavailable
from gateway.ports import Clock

T = TypeVar("T")

FRESH_FOR = timedelta(minutes=10)
USABLE_FOR = timedelta(hours=24)
"""How long one that can't be fetched anew is used on."""
PAUSE = timedelta(seconds=10)
"""How long after a fetch there is no other for one that failed, or because of an unknown key."""


class Kept(Generic[T]):
    """However many wait for it, it is fetched once."""

    def __init__(self, fetch: Callable[[], Awaitable[T]], clock: Clock) -> None:
        self._fetch = fetch
        self._clock = clock
        self._found: T | None = None
        self._found_at: datetime | None = None
        self._tried_at: datetime | None = None
        self._failure = IssuerUnavailable("not asked yet")
        self._lock = asyncio.Lock()

    async def get(self) -> T:
        """The document, not older than ten minutes while the issuer answers. Raises: IssuerUnavailable."""
        if (found := self._not_older_than(FRESH_FOR)) is not None:
            return found
        async with self._lock:
            if self._not_older_than(FRESH_FOR) is None and not self._is_paused():
                await self._try()
            if (found := self._not_older_than(USABLE_FOR)) is None:
                raise self._failure
            return found

    async def renewed(self) -> T:
        """The document as it is now, unless it was fetched a moment ago. Raises: IssuerUnavailable."""
        async with self._lock:
            if not self._is_paused():
                await self._try()
        return await self.get()

    async def _try(self) -> None:
        self._tried_at = self._clock.now()
        try:
            self._found, self._found_at = await self._fetch(), self._tried_at
        except IssuerUnavailable as error:
            self._failure = error

    def _is_paused(self) -> bool:
        return self._tried_at is not None and self._clock.now() - self._tried_at < PAUSE

    def _not_older_than(self, age: timedelta) -> T | None:
        is_young = self._found_at is not None and self._clock.now() - self._found_at < age
        return self._found if is_young else None
