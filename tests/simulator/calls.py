"""Calls to an operator as a customer's gateway would make them."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import aiohttp

CATALOG = "/productCatalogManagement/v4"
ORDERING = "/productOrderingManagement/v4"
INVENTORY = "/productInventory/v4"
QUALIFICATION = "/productOfferingQualification/v4"
BILLING = "/customerBillManagement/v4"

Json = Any
T = TypeVar("T")


class Operator:
    """One operator's HTTP, with the status and the body of each answer."""

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self.session, self.url = session, url

    async def call(self, method: str, path: str, body: Json = None, **headers: str) -> tuple[int, Json]:
        """The status, and the body read as JSON (None where there is none); bytes are sent as they are."""
        address = self.url.removesuffix("/tmf-api") + path if path.startswith("/_control") else self.url + path
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        sent = {"data" if isinstance(body, bytes) else "json": body}
        async with self.session.request(method, address, headers=named, **sent) as response:
            raw = await response.read()
            return response.status, (await response.json() if raw else None)

    async def get(self, path: str) -> Json:
        """The body of a 200."""
        status, body = await self.call("GET", path)
        assert status == 200, body
        return body

    async def order(self, ref: str, key: str | None = None, **product: Json) -> Json:
        """The order that was made of this."""
        status, body = await self.call("POST", f"{ORDERING}/productOrder", order_of(ref, key, **product))
        assert status == 201, body
        return body

    async def order_in(self, order_id: str, *states: str) -> Json:
        """The order, when it has come into one of these states."""
        return await until(lambda: self.get(f"{ORDERING}/productOrder/{order_id}"), lambda o: o["state"] in states)

    async def delivered(self, ref: str, **product: Json) -> Json:
        """The product that an order of this made."""
        order = await self.order(ref, **product)
        done = await self.order_in(order["id"], "completed", "rejected", "failed")
        assert done["state"] == "completed", done["note"]
        return await self.get(f"{INVENTORY}/product/{done['productOrderItem'][0]['product']['id']}")

    async def fault(self, **rule: Json) -> None:
        """Tells the operator to fail."""
        status, body = await self.call("POST", "/_control/faults", rule)
        assert status == 201, body

    async def counts(self) -> Json:
        """What there is at the operator."""
        return await self.get("/_control/counts")


def order_of(ref: str, key: str | None = None, party: str = "anna", postcode: str = "11122", **values: Json) -> Json:
    """An order for one thing, at a place, with these values of the form."""
    place = {"@type": "GeographicAddress", "role": "installation", "postcode": postcode, "country": "SE"}
    characteristics = [{"name": name, "value": value} for name, value in values.items()]
    return {
        **({"externalId": key} if key else {}),
        "relatedParty": [{"id": party, "role": "Customer", "@referredType": "Customer"}],
        "productOrderItem": [
            {
                "id": "1",
                "action": "add",
                "productOffering": {"id": ref},
                "product": {"place": [place], "productCharacteristic": characteristics},
            }
        ],
    }


def deletion_of(product_id: str, party: str = "anna") -> Json:
    """An order that ends a product."""
    return {
        "relatedParty": [{"id": party, "role": "Customer", "@referredType": "Customer"}],
        "productOrderItem": [{"id": "1", "action": "delete", "product": {"id": product_id}}],
    }


async def until(look: Callable[[], Awaitable[T]], is_so: Callable[[T], bool], timeout_s: float = 10.0) -> T:
    """What is seen as soon as it is so; an assertion fails when it does not come about in time."""
    end = time.monotonic() + timeout_s
    while not is_so(seen := await look()):
        assert time.monotonic() < end, seen
        await asyncio.sleep(0.02)
    return seen
