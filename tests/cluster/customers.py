"""Customers who order at one gateway, follow at any, and go on at another one when theirs is gone."""

import asyncio
import contextlib
import random
from dataclasses import dataclass, field

import aiohttp

from tests.cluster.cluster import Cluster
from tests.e2e.consumer import Consumer, Data, consumer, document
from tests.e2e.shopping import Basket, basket, place

_AWAY = (aiohttp.ClientError, AssertionError, TypeError, ValueError, TimeoutError, KeyError)


@dataclass
class Buyer:
    """One customer with one order, and what it was sent of it."""

    token: str | None
    basket: Basket
    order: str | None = None
    seen: list[Data] = field(default_factory=list)

    async def to_the_end(self, gateways: Cluster, session: aiohttp.ClientSession) -> Data:
        """Orders with one key until it has an answer, then follows to the end, each time at another gateway."""
        while not await self._goes_on(Consumer(session, _any(gateways), self.token)):  # noqa: ASYNC110 nobody tells
            await asyncio.sleep(0.1)
        while True:
            with contextlib.suppress(*_AWAY):
                asker = Consumer(session, _any(gateways), self.token)
                return dict((await asker.run("13", id=self.order, first=100))["order"])
            await asyncio.sleep(0.1)

    async def _goes_on(self, asker: Consumer) -> bool:
        with contextlib.suppress(*_AWAY):
            if self.order is None:
                self.order = await place(asker, self.basket.given())
            after = self.seen[-1]["cursor"] if self.seen else None
            messages = asker.follow(document("12"), {"orderId": self.order, "after": after})
            async with contextlib.aclosing(messages):
                async for message in messages:
                    if message["type"] == "complete":
                        return True
                    self.seen.append(message["payload"]["data"]["orderEvents"])
        return False


def _any(gateways: Cluster) -> str:
    return random.choice(list(gateways.programs.values())).url


async def buyers(gateways: Cluster, number: int, orders_each: int = 1) -> list[Buyer]:
    """So many orders to be, each with a bundle that can be ordered, by customers who sign up at any gateway."""
    customers = [min(orders_each, number - begun) for begun in range(0, number, orders_each)]
    found = await asyncio.gather(*(_customer(_any(gateways), orders) for orders in customers))
    return [buyer for each in found for buyer in each]


async def _customer(url: str, orders: int) -> list[Buyer]:
    async with consumer(url) as nobody:
        guest = await nobody.newcomer()
        return [Buyer(guest.token, await basket(guest)) for _ in range(orders)]


def assert_whole(buyer: Buyer, order: Data) -> None:
    """The history has no gap and no repeat, and the customer was sent each event of it once, in order."""
    history = [edge["node"] for edge in order["events"]["edges"]]
    assert [event["sequence"] for event in history] == list(range(1, len(history) + 1))
    assert [event["id"] for event in buyer.seen] == [event["id"] for event in history]
