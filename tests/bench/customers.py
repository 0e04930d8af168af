"""Customers of the benchmark, with bundles that are ready to be ordered."""

import asyncio
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from tests.e2e.consumer import Consumer
from tests.e2e.shopping import Basket, filled_in, first_offering, new_bundle, reviewed

ITEMS = 3


@dataclass(frozen=True, slots=True)
class Purchase:
    """A bundle of three items at three operators, and who orders it."""

    buyer: Consumer
    basket: Basket


async def customers(nobody: Consumer, number: int) -> list[Consumer]:
    """That many new ones."""
    return [await nobody.newcomer() for _ in range(number)]


async def purchases(buyers: Sequence[Consumer], number: int) -> list[Purchase]:
    """That many, dealt to the customers in turn."""
    offering = await first_offering(buyers[0])
    return [await _purchase(buyers[each % len(buyers)], offering) for each in range(number)]


async def _purchase(buyer: Consumer, offering: str) -> Purchase:
    """The predefined bundle, less what would be a second item at an operator."""
    bundle = await new_bundle(buyer, offering)
    operators = set()
    for item in (await reviewed(buyer, bundle))["items"]:
        if item["provider"]["id"] in operators:
            given = {"bundleId": bundle, "itemId": item["id"]}
            assert (await buyer.run("09", input=given))["removeBundleItem"]["userErrors"] == []
        operators.add(item["provider"]["id"])
    shown = await filled_in(buyer, bundle)
    assert shown["isOrderable"], shown["issues"]
    terms = [term["id"] for term in shown["terms"]]
    return Purchase(buyer, Basket(bundle, shown["revision"], terms, secrets.token_hex(16)))


async def place_all(wanted: Sequence[Purchase]) -> list[list[str]]:
    """Orders all of them at once; the global ids of each order and of its items."""
    return list(await asyncio.gather(*map(place, wanted)))


async def place(wanted: Purchase) -> list[str]:
    """The order's global id, then its items' in their positions' order. Fails unless they are at three operators."""
    answer = (await wanted.buyer.run("11", input=wanted.basket.given()))["placeOrder"]
    assert answer["userErrors"] == [], answer
    items = answer["order"]["items"]
    assert len({item["provider"]["id"] for item in items}) == len(items) == ITEMS, items
    return [str(answer["order"]["id"]), *(str(item["id"]) for item in items)]
