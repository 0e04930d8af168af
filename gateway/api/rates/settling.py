"""Windows over all gateways without a question for each hit: counted here at once, made even with the others soon.

What is counted here is told to Redis in portions, and what the others have counted is added here. So one more than is
allowed may pass at each gateway until it hears of the others: for `SETTLE_S`. While Redis is away each counts alone,
and goes on from there when it is back.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from limits import RateLimitItem

from gateway.api.rates.shared import PREFIX, RedisAway, SharedCounts
from gateway.api.rates.windows import MemoryWindows, Windows
from gateway.federation.tending import tended

SETTLE_S = 0.5
# So many keys are settled in one question.
_AT_ONCE = 500

_Key = tuple[RateLimitItem, str]


@dataclass(slots=True)
class _Settled:
    """What was known of one window in Redis when it was last asked: all that was counted, and when it ends."""

    total: int
    ends_at: float


class SettledWindows:
    """`Windows` that several gateways share."""

    def __init__(self, counts: SharedCounts) -> None:
        self._counts = counts
        self._local = MemoryWindows()
        self._unsettled: dict[_Key, int] = {}
        self._settled: dict[_Key, _Settled] = {}

    def hit(self, rate: RateLimitItem, key: str, cost: int = 1) -> bool:
        """Counts it here, and notes it for the others."""
        each = (rate, key)
        self._unsettled[each] = self._unsettled.get(each, 0) + cost
        return self._local.hit(rate, key, cost)

    def wait_s(self, rate: RateLimitItem, key: str) -> int:
        """Seconds until the window here ends."""
        return self._local.wait_s(rate, key)

    async def follow(self) -> None:
        """Settles from now on."""
        while True:
            await asyncio.sleep(SETTLE_S)
            await self.settle()

    async def settle(self) -> None:
        """Tells Redis what was counted here, and adds what the others have counted; while it is away, neither."""
        taken, self._unsettled = self._unsettled, {}
        keys = list(taken)
        try:
            for start in range(0, len(keys), _AT_ONCE):
                await self._settle({each: taken[each] for each in keys[start : start + _AT_ONCE]})
        except RedisAway:
            pass  # it is counted here; what the others don't hear of is theirs to allow
        now = time.monotonic()
        for each in [each for each, known in self._settled.items() if known.ends_at < now]:
            del self._settled[each]

    async def _settle(self, amounts: Mapping[_Key, int]) -> None:
        answers = await self._counts.ask(lambda: self._told(amounts))
        now = time.monotonic()
        for number, (each, amount) in enumerate(amounts.items()):
            total, left_ms = answers[3 * number + 1], answers[3 * number + 2]
            self._learn(each, amount, int(total), now + max(0, int(left_ms)) / 1000)

    async def _told(self, amounts: Mapping[_Key, int]) -> list[Any]:
        async with self._counts.redis.pipeline(transaction=False) as pipe:
            for (rate, key), amount in amounts.items():
                name = f"{PREFIX}:{rate.key_for(key)}"
                pipe.set(name, 0, ex=rate.get_expiry(), nx=True)
                pipe.incrby(name, amount)
                pipe.pttl(name)
            answers: list[Any] = await pipe.execute()
        return answers

    def _learn(self, each: _Key, amount: int, total: int, ends_at: float) -> None:
        known = self._settled.get(each)
        is_same = known is not None and total >= known.total + amount  # else it began since, or Redis lost it
        others = total - amount - (known.total if known is not None and is_same else 0)
        if others > 0:
            self._local.hit(*each, cost=others)
        self._settled[each] = _Settled(total, ends_at)


@asynccontextmanager
async def open_windows(counts: SharedCounts | None) -> AsyncIterator[Windows]:
    """Over all gateways where there is a Redis, else this process's own."""
    if counts is None:
        yield MemoryWindows()
        return
    windows = SettledWindows(counts)
    async with tended("rates", windows.follow):
        yield windows
