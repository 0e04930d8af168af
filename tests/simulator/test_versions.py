"""An operator serves v5 beside v4: one world, told in two ways."""

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest
from aiohttp import web

from tests.simulator.calls import INVENTORY, ORDERING, Json, Operator, order_of
from tests.web import serving

ORDERING_V5 = "/productOrderingManagement/v5"
INVENTORY_V5 = "/productInventory/v5"
PARTY = {"@type": "PartyRoleRef", "id": "anna", "@referredType": "Customer"}


def order_v5(ref: str = "fibre-100", key: str = "key-1", **more: Json) -> Json:
    address = {"@type": "GeographicAddress", "postcode": "11122", "country": "SE"}
    return {
        "@type": "ProductOrder",
        "externalId": [{"@type": "ExternalIdentifier", "id": key}],
        "relatedParty": [{"@type": "RelatedPartyRefOrPartyRoleRef", "role": "Customer", "partyOrPartyRole": PARTY}],
        "productOrderItem": [
            {
                "@type": "ProductOrderItem",
                "id": "1",
                "action": "add",
                "productOffering": {"@type": "ProductOfferingRef", "id": ref},
                "product": {
                    "@type": "Product",
                    "place": [{"@type": "RelatedPlaceRefOrValue", "role": "installation", "place": address}],
                },
            }
        ],
        **more,
    }


async def test_an_order_of_one_version_is_seen_in_the_other(fjordnet: Operator) -> None:
    status, made = await fjordnet.call("POST", f"{ORDERING_V5}/productOrder", order_v5())

    older = await fjordnet.get(f"{ORDERING}/productOrder/{made['id']}")
    (newer,) = await fjordnet.get(f"{ORDERING_V5}/productOrder?externalId.id=key-1")

    assert (status, made["href"]) == (201, f"/tmf-api{ORDERING_V5}/productOrder/{made['id']}")
    assert older["externalId"] == "key-1"
    assert older["relatedParty"] == [{"id": "anna", "role": "Customer", "@referredType": "Customer"}]
    assert newer["externalId"] == [{"@type": "ExternalIdentifier", "id": "key-1"}]
    assert newer["relatedParty"][0]["partyOrPartyRole"] == PARTY
    assert newer["creationDate"] == older["orderDate"]
    assert "orderDate" not in newer


async def test_a_product_is_found_by_its_party_in_the_words_of_each_version(fjordnet: Operator) -> None:
    await fjordnet.delivered("fibre-100")

    (older,) = await fjordnet.get(f"{INVENTORY}/product?relatedParty.id=anna")
    (newer,) = await fjordnet.get(f"{INVENTORY_V5}/product?relatedParty.partyOrPartyRole.id=anna")

    assert newer["id"] == older["id"]
    assert newer["productOrderItem"][0]["orderId"] == older["productOrderItem"][0]["productOrderId"]
    assert newer["place"][0]["place"]["postcode"] == older["place"][0]["postcode"] == "11122"
    assert await fjordnet.get(f"{INVENTORY_V5}/product?relatedParty.partyOrPartyRole.id=bo") == []
    assert await fjordnet.get(f"{INVENTORY_V5}/product?relatedParty.id=anna&status=aborted") == []


@pytest.mark.parametrize("body", [order_of("fibre-100", "key-1"), {**order_v5(), "@type": None}])
async def test_what_does_not_say_its_type_is_refused_in_v5(fjordnet: Operator, body: Json) -> None:
    status, refusal = await fjordnet.call("POST", f"{ORDERING_V5}/productOrder", body)

    assert (status, refusal["code"]) == (400, "INVALID_BODY")
    assert "@type" in refusal["reason"]
    assert await fjordnet.get(f"{ORDERING}/productOrder") == []


async def test_each_hub_posts_in_its_own_version(fjordnet: Operator) -> None:
    posted: asyncio.Queue[Mapping[str, Any]] = asyncio.Queue()

    async def callback(request: web.Request) -> web.Response:
        posted.put_nowait({"path": request.path, **await request.json()})
        return web.Response(status=204)

    async with serving(callback) as url:
        older, _ = await fjordnet.call("POST", f"{ORDERING}/hub", {"callback": f"{url}/v4"})
        newer, made = await fjordnet.call("POST", f"{ORDERING_V5}/hub", {"@type": "Hub", "callback": f"{url}/v5"})
        await fjordnet.order("fibre-100", "key-1")
        async with asyncio.timeout(10):
            heard = {each["path"]: each for each in (await posted.get(), await posted.get())}
        gone, _ = await fjordnet.call("DELETE", f"{ORDERING_V5}/hub/{made['id']}")

    assert (older, newer, gone, made["@type"]) == (201, 201, 204, "Hub")
    assert {each["eventType"] for each in heard.values()} == {"ProductOrderCreateEvent"}
    assert heard["/v4"]["event"]["productOrder"]["externalId"] == "key-1"
    assert heard["/v5"]["event"]["productOrder"]["externalId"][0]["id"] == "key-1"
    assert ("timeOcurred" in heard["/v4"], "timeOccurred" in heard["/v5"]) == (True, True)
