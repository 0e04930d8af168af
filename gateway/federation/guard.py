"""Bounds each call to a provider, and sorts what leaks out of an adapter into the error tree: nothing else leaves."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import timedelta
from typing import TypeVar

from aiolimiter import AsyncLimiter
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from gateway.contract.provider import InvalidOptions, Limits
from gateway.domain.errors import ContractBroken, OutcomeUnknown, ProviderError, Unavailable
from gateway.federation.breaker import Breaker
from gateway.federation.fence import fence
from gateway.federation.pulse import Pulse
from gateway.federation.unwatched import UNWATCHED
from gateway.ports import Clock, ProviderCall, ProviderCalls

T = TypeVar("T")
Call = Callable[[], Awaitable[T]]
Leaked = type[Unavailable] | type[OutcomeUnknown] | type[ContractBroken]

_log = logging.getLogger(__name__)


@contextmanager
def sorting(provider: str, capability: str, leaked: Leaked) -> Iterator[None]:
    """Lets provider errors and cancellation pass; whatever else comes out becomes `leaked`."""
    try:
        yield
    except ProviderError:
        raise
    except InvalidOptions as error:
        _log.warning("adapter of %s refuses its settings: gateway provider check says which", provider)
        raise leaked(provider, capability, str(error)) from error
    except Exception as error:
        # The type alone: an adapter's message may hold what belongs into no log.
        _log.warning("adapter of %s leaked %s in %s", provider, type(error).__name__, capability)
        raise leaked(provider, capability, f"{type(error).__name__}: {error}") from error


class Guard:
    """What stands between the gateway and one capability of one provider: its own bulkhead and breaker."""

    def __init__(
        self,
        provider: str,
        capability: str,
        limits: Limits,
        clock: Clock,
        calls: ProviderCalls = UNWATCHED,
        pulse: Pulse | None = None,
    ) -> None:
        self.provider = provider
        self.capability = capability
        self.limits = limits
        self._calls = calls
        # Why it failed last: whoever is told that it is spared is told that, too.
        self._finding: str | None = None
        self._breaker = Breaker(clock, limits.breaker_failures, timedelta(seconds=limits.breaker_open_s))
        self._pulse = pulse or Pulse(clock)
        self._pulse.watch(capability, self._breaker, limits)
        self._calls.breaker(provider, capability, is_open=False)
        self._places = asyncio.Semaphore(limits.concurrency)
        self._rate = AsyncLimiter(max(limits.rate_per_s, 1.0), max(1.0 / limits.rate_per_s, 1.0))

    async def read(self, call: Call[T], timeout_s: float | None = None) -> T:
        """Asks, again with jitter where the request did not arrive; all tries and waits within one time limit.

        Raises: ProviderError, Unavailable at the time limit.
        """
        timeout_s = timeout_s or self.limits.read_timeout_s
        with self._calls.call(self.provider, self.capability, is_change=False) as watched:
            async with self._limit(timeout_s, lambda: Unavailable) as limit:
                try:
                    return await self._read_once(call, limit, watched)
                except Unavailable as error:
                    failed = [error]

                async def again() -> T:
                    # The first try is the one that was made.
                    if failed:
                        raise failed.pop()
                    return await self._read_once(call, limit, watched)

                return await self._retrying(watched)(again)

    def _retrying(self, watched: ProviderCall) -> AsyncRetrying:
        return AsyncRetrying(
            retry=retry_if_exception_type(Unavailable),
            stop=self._is_hopeless,
            wait=wait_random_exponential(multiplier=0.05, max=0.5),
            before_sleep=lambda _: watched.retried(Unavailable.code),
            reraise=True,
        )

    async def change(self, call: Call[T]) -> T:
        """Does it once. Raises: ProviderError; OutcomeUnknown where the time ran out after it was sent; what the fence
        does, where nothing was sent.
        """
        leaked: Leaked = Unavailable
        with self._calls.call(self.provider, self.capability, is_change=True) as watched:
            async with self._limit(self.limits.change_timeout_s, lambda: leaked) as limit, self._place(limit, watched):
                await fence.get()()
                leaked = OutcomeUnknown
                with sorting(self.provider, self.capability, OutcomeUnknown):
                    return await call()

    def _is_hopeless(self, state: RetryCallState) -> bool:
        error = state.outcome.exception() if state.outcome else None
        asked_to_wait = isinstance(error, Unavailable) and error.retry_after_s is not None
        return asked_to_wait or bool(stop_after_attempt(self.limits.read_tries)(state))

    async def _read_once(self, call: Call[T], limit: asyncio.Timeout, watched: ProviderCall) -> T:
        async with self._place(limit, watched):
            with sorting(self.provider, self.capability, ContractBroken):
                return await call()

    @asynccontextmanager
    async def _limit(self, timeout_s: float, outcome: Callable[[], Leaked]) -> AsyncIterator[asyncio.Timeout]:
        try:
            async with asyncio.timeout(timeout_s) as limit:
                yield limit
        except TimeoutError as error:
            raise outcome()(self.provider, self.capability, f"no answer within {timeout_s:g} s") from error

    @asynccontextmanager
    async def _place(self, limit: asyncio.Timeout, watched: ProviderCall) -> AsyncIterator[None]:
        """A place in the bulkhead, and the breaker told what came of it."""
        async with self._places:
            self._spare(watched)
            await self._rate.acquire()
            # What came of others' calls meanwhile counts too.
            self._spare(watched)
            self._breaker.started()
            tell, started = self._breaker.abandoned, time.perf_counter()
            self._pulse.began(self.capability)
            try:
                yield
                tell = self._breaker.succeeded
            except (Unavailable, OutcomeUnknown) as error:
                tell, self._finding = self._breaker.failed, error.finding
                self._rest(error)
                raise
            except ProviderError:
                tell = self._breaker.succeeded
                raise
            except asyncio.CancelledError:
                tell = self._breaker.failed if limit.expired() else self._breaker.abandoned
                raise
            finally:
                was_open = self._breaker.is_open
                tell()
                is_answered = None if tell == self._breaker.abandoned else tell == self._breaker.succeeded
                self._pulse.called(self.capability, time.perf_counter() - started, is_answered=is_answered)
                if self._breaker.is_open != was_open:
                    self._calls.breaker(self.provider, self.capability, is_open=self._breaker.is_open)

    def _spare(self, watched: ProviderCall) -> None:
        wait_s = self._breaker.wait_s()
        if wait_s is not None:
            watched.spared()
            raise Unavailable(self.provider, self.capability, "spared for a while", wait_s, self._finding)

    def _rest(self, error: ProviderError) -> None:
        if isinstance(error, Unavailable) and error.retry_after_s:
            self._breaker.asked_to_wait(error.retry_after_s)
