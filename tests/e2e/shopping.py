"""Brings bundles to where they can be ordered, by the contract's documents."""

import secrets
from dataclasses import dataclass
from typing import Any

from tests.e2e.consumer import PLACE, Consumer, Data

PREDEFINED = {"categories": ["iptv"], "isBundle": True}


async def first_offering(asker: Consumer, **wanted: Any) -> str:
    """The first offering of a filter."""
    page = (await asker.run("02", filter=wanted or PREDEFINED, first=1))["productOfferings"]
    return str(page["edges"][0]["node"]["id"])


async def new_bundle(asker: Consumer, offering_id: str | None) -> str:
    """A bundle at the contract's place, from that offering or empty."""
    created = await asker.run("05", input={"name": "Mine", "offeringId": offering_id, "place": PLACE})
    return str(created["createBundle"]["bundle"]["id"])


async def reviewed(asker: Consumer, bundle: str) -> Data:
    """The bundle as it is now."""
    return dict((await asker.run("10", id=bundle))["bundle"])


async def filled_in(asker: Consumer, bundle: str) -> Data:
    """The bundle once its missing fields have their first choices."""
    shown = await reviewed(asker, bundle)
    for issue in shown["issues"]:
        item = next(each for each in shown["items"] if each["id"] == issue["item"]["id"])
        field = next(each for each in item["orderForm"]["fields"] if each["key"] == issue["field"])
        values = [{"key": field["key"], "values": [field["constraint"]["choices"][0]["value"]]}]
        answer = await asker.run("08", input={"bundleId": bundle, "itemId": item["id"], "fields": values})
        assert answer["configureBundleItem"]["userErrors"] == []
    return await reviewed(asker, bundle)


@dataclass(frozen=True)
class Basket:
    """What `placeOrder` is sent with."""

    bundle: str
    revision: int
    terms: list[str]
    key: str

    def given(self, **other: Any) -> Data:
        """The input, with some of it replaced."""
        return {
            "bundleId": self.bundle,
            "expectedRevision": self.revision,
            "acceptedTermIds": self.terms,
            "idempotencyKey": self.key,
            **other,
        }


async def basket(asker: Consumer) -> Basket:
    """The first predefined IPTV bundle, ready to be ordered."""
    bundle = await new_bundle(asker, await first_offering(asker))
    shown = await filled_in(asker, bundle)
    assert shown["isOrderable"], shown["issues"]
    return Basket(bundle, shown["revision"], [term["id"] for term in shown["terms"]], secrets.token_hex(16))


async def place(asker: Consumer, given: Data) -> str:
    """The order's id."""
    payload = (await asker.run("11", input=given))["placeOrder"]
    assert payload["userErrors"] == []
    return str(payload["order"]["id"])


async def cancel(asker: Consumer, order: str) -> None:
    """Asks for the cancellation."""
    given = {"orderId": order, "idempotencyKey": f"cancel {order}"}
    assert (await asker.run("14", input=given))["cancelOrder"]["userErrors"] == []
