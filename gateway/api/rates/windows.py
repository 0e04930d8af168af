"""Fixed windows in this process's memory, for what can't wait for an answer: the cost of operations, posted events."""

import math
import time
from typing import Protocol

from limits import RateLimitItem
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter


class Windows(Protocol):
    """Counts without waiting."""

    def hit(self, rate: RateLimitItem, key: str, cost: int = 1) -> bool:
        """Counts it, whatever comes of it; False where that is more than is left."""

    def wait_s(self, rate: RateLimitItem, key: str) -> int:
        """Seconds until the window ends, 1 at least."""


class MemoryWindows:
    """Each window runs from its first hit on, by the machine's clock, as the library's do."""

    def __init__(self) -> None:
        self._storage = MemoryStorage()
        self._limiter = FixedWindowRateLimiter(self._storage)

    def hit(self, rate: RateLimitItem, key: str, cost: int = 1) -> bool:
        """Counts it; False where that is more than is left."""
        return self._limiter.hit(rate, key, cost=cost)

    def wait_s(self, rate: RateLimitItem, key: str) -> int:
        """Seconds until the window ends."""
        return max(1, math.ceil(self._limiter.get_window_stats(rate, key).reset_time - time.time()))
