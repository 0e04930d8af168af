"""Counts attempts: in this process's memory, or over all gateways. Windows run on the machine's clock."""

import contextlib
import math
import time

from limits import RateLimitItem, parse
from limits.aio.strategies import FixedWindowRateLimiter as SharedLimiter
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter

from gateway.api.rates.shared import RedisAway, SharedCounts
from gateway.ports import Attempt

CHANGES_PER_ACCOUNT = "20/hour"
"""How often a password is changed, or a one-time password switched: each is mailed to an address nobody verified."""
EXPORTS_PER_ACCOUNT = "60/hour"
"""How often somebody gets a file of all that is kept: each is told in the trail of security events."""


class MemoryAttempts:
    """Fixed windows, each from its first attempt on. Rates as `10/15 minutes`."""

    def __init__(
        self,
        failures_per_account: str,
        failures_per_address: str,
        accounts_per_address: str,
        tokens_per_client: str,
        resets_per_address: str,
        resets_per_account: str,
    ) -> None:
        self._limiter = FixedWindowRateLimiter(MemoryStorage())
        self.rates: dict[Attempt, RateLimitItem] = {
            Attempt.SIGN_IN_ACCOUNT: parse(failures_per_account),
            Attempt.SIGN_IN_ADDRESS: parse(failures_per_address),
            Attempt.SIGN_UP_ADDRESS: parse(accounts_per_address),
            Attempt.CLIENT_SECRET: parse(failures_per_account),
            Attempt.CLIENT_TOKEN: parse(tokens_per_client),
            Attempt.ONE_TIME_CODE: parse(failures_per_account),
            Attempt.PASSWORD_CHECK: parse(failures_per_account),
            Attempt.RESET_ADDRESS: parse(resets_per_address),
            Attempt.RESET_ACCOUNT: parse(resets_per_account),
            Attempt.INVITATION: parse(failures_per_account),
            Attempt.INVITATION_ADDRESS: parse(failures_per_address),
            Attempt.ACCOUNT_CHANGE: parse(CHANGES_PER_ACCOUNT),
            Attempt.EXPORT: parse(EXPORTS_PER_ACCOUNT),
        }

    async def count(self, attempt: Attempt, key: str) -> bool:
        """Counts one more; False where that is one too many."""
        return self._limiter.hit(self.rates[attempt], attempt, key)

    async def wait_s(self, attempt: Attempt, key: str) -> int:
        """Seconds until the window ends, 0 while it has room."""
        rate = self.rates[attempt]
        if self._limiter.test(rate, attempt, key):
            return 0
        ends_at = self._limiter.get_window_stats(rate, attempt, key).reset_time
        return max(1, math.ceil(ends_at - time.time()))

    async def forget(self, attempt: Attempt, key: str) -> None:
        """Starts anew for that key."""
        self._limiter.clear(self.rates[attempt], attempt, key)


class SharedAttempts:
    """As `MemoryAttempts`, over all gateways: each attempt is counted in Redis; while that is away, in memory."""

    def __init__(self, counts: SharedCounts, alone: MemoryAttempts) -> None:
        self._counts = counts
        self._limiter = SharedLimiter(counts.storage)
        self._alone = alone

    async def count(self, attempt: Attempt, key: str) -> bool:
        """Counts one more; False where that is one too many."""
        try:
            return await self._counts.ask(lambda: self._limiter.hit(self._alone.rates[attempt], attempt, key))
        except RedisAway:
            return await self._alone.count(attempt, key)

    async def wait_s(self, attempt: Attempt, key: str) -> int:
        """Seconds until the window ends, 0 while it has room."""
        rate = self._alone.rates[attempt]
        try:
            stats = await self._counts.ask(lambda: self._limiter.get_window_stats(rate, attempt, key))
        except RedisAway:
            return await self._alone.wait_s(attempt, key)
        return 0 if stats.remaining > 0 else max(1, math.ceil(stats.reset_time - time.time()))

    async def forget(self, attempt: Attempt, key: str) -> None:
        """Starts anew for that key, here and everywhere."""
        await self._alone.forget(attempt, key)
        with contextlib.suppress(RedisAway):
            await self._counts.ask(lambda: self._limiter.clear(self._alone.rates[attempt], attempt, key))


def counting(
    failures_per_account: str = "10/15 minutes",
    failures_per_address: str = "50/15 minutes",
    accounts_per_address: str = "60/hour",
    tokens_per_client: str = "600/minute",
    resets_per_address: str = "20/hour",
    resets_per_account: str = "5/hour",
) -> MemoryAttempts:
    """Starts to count, by these rates."""
    return MemoryAttempts(
        failures_per_account,
        failures_per_address,
        accounts_per_address,
        tokens_per_client,
        resets_per_address,
        resets_per_account,
    )
