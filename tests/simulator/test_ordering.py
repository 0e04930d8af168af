"""Orders are taken in once for a key, delivered after a while, or rejected with a reason."""

from pathlib import Path

import aiohttp
import orjson
import pytest

from providers.simulator.serving import run_operators
from tests.simulator.calls import INVENTORY, ORDERING, Operator, deletion_of, order_of, until


async def test_an_order_goes_through_its_states_and_makes_one_active_product(fjordnet: Operator) -> None:
    order = await fjordnet.order("fibre-100", "key-1")
    product_id = order["productOrderItem"][0]["product"]["id"]
    pending = await fjordnet.get(f"{INVENTORY}/product/{product_id}")

    done = await fjordnet.order_in(order["id"], "completed")
    product = await fjordnet.get(f"{INVENTORY}/product/{product_id}")

    assert (order["state"], pending["status"]) == ("acknowledged", "pendingActive")
    assert done["productOrderItem"][0]["state"] == "completed"
    assert done["orderDate"] < done["completionDate"]
    assert product["status"] == "active"
    assert product["relatedParty"] == order["relatedParty"]
    assert product["billingAccount"] == {"id": "anna"}
    assert {"name": "downstreamBandwidth", "value": 100} in product["productCharacteristic"]
    assert {"name": "installationKind", "value": "Self-installation"} in product["productCharacteristic"]


async def test_the_same_key_and_order_answer_the_same_order(fjordnet: Operator) -> None:
    first = await fjordnet.order("fibre-100", "key-1")
    again = await fjordnet.order("fibre-100", "key-1")

    counts = await fjordnet.counts()

    assert again["id"] == first["id"]
    assert counts["ordersByExternalId"] == {"key-1": 1}
    assert sum(counts["products"].values()) == 1


async def test_the_same_key_with_another_order_is_a_conflict_and_changes_nothing(fjordnet: Operator) -> None:
    await fjordnet.order("fibre-100", "key-1")

    other = order_of("fibre-250", "key-1")
    status, body = await fjordnet.call("POST", f"{ORDERING}/productOrder", other)

    assert (status, body["code"]) == (409, "KEY_REUSED")
    assert sum((await fjordnet.counts())["orders"].values()) == 1


async def test_the_header_is_a_key_too(fjordnet: Operator) -> None:
    path, body = f"{ORDERING}/productOrder", order_of("fibre-100")

    _, first = await fjordnet.call("POST", path, body, Idempotency_Key="header-1")
    _, again = await fjordnet.call("POST", path, body, Idempotency_Key="header-1")
    status, _ = await fjordnet.call("POST", path, order_of("dsl-8"), Idempotency_Key="header-1")

    assert first["id"] == again["id"]
    assert status == 409


async def test_an_order_is_found_by_its_key(fjordnet: Operator) -> None:
    order = await fjordnet.order("fibre-100", "a / b / c 1")
    await fjordnet.order("fibre-100", "other")

    found = await fjordnet.get(f"{ORDERING}/productOrder?externalId=a%20%2F%20b%20%2F%20c%201")

    assert [row["id"] for row in found] == [order["id"]]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "INVALID_BODY"),
        ({"productOrderItem": []}, "INVALID_BODY"),
        ({"productOrderItem": [{"id": 1, "action": "add"}]}, "INVALID_BODY"),
        ({"productOrderItem": [{"id": "1", "action": "steal"}]}, "INVALID_BODY"),
        ({"productOrderItem": [{"id": "1", "action": "add"}]}, "OFFERING_MISSING"),
        ({"productOrderItem": [{"id": "1", "action": "modify"}]}, "UNSUPPORTED_ACTION"),
        ({"productOrderItem": [{"id": "1", "action": "delete"}]}, "PRODUCT_MISSING"),
        (order_of("no-such-thing"), "UNKNOWN_OFFERING"),
        ({**order_of("dsl-8"), "requestedStartDate": "tomorrow"}, "INVALID_BODY"),
        ({**order_of("dsl-8"), "description": "x" * 1_000_100}, "TOO_LARGE"),
    ],
)
async def test_an_order_that_makes_no_sense_is_a_bad_request(fjordnet: Operator, body: object, code: str) -> None:
    status, answer = await fjordnet.call("POST", f"{ORDERING}/productOrder", body)

    assert (status, answer["code"], answer["status"]) == (400, code, "400")
    assert (await fjordnet.counts())["orders"] == {}


DEEP = "[" * 300 + "]" * 300


@pytest.mark.parametrize("value", ["NaN", "-Infinity", "1e400", r'"\ud800"', DEEP, "[" * 2000])
async def test_what_cannot_be_kept_is_a_bad_request_wherever_it_stands(fjordnet: Operator, value: str) -> None:
    body = orjson.dumps(order_of("fibre-100", installationKind="HERE")).decode().replace('"HERE"', value)

    status, answer = await fjordnet.call("POST", f"{ORDERING}/productOrder", body.encode())

    assert (status, answer["code"]) == (400, "INVALID_BODY")
    assert (await fjordnet.counts())["orders"] == {}


async def test_a_whole_number_beyond_64_bits_is_the_nearest_double(fjordnet: Operator) -> None:
    order = order_of("fibre-100")
    order["productOrderItem"][0]["product"]["place"][0]["floor"] = "HERE"
    body = orjson.dumps(order).replace(b'"HERE"', b"1714247496730321354752")

    status, made = await fjordnet.call("POST", f"{ORDERING}/productOrder", body)

    assert status == 201
    assert made["productOrderItem"][0]["product"]["place"][0]["floor"] == 1714247496730321354752.0


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (order_of("fibre-100", postcode="98101"), "NO_COVERAGE"),
        (order_of("fibre-1000", postcode="21120"), "BANDWIDTH_NOT_AVAILABLE"),
        (order_of("fibre-100-paket"), "INVALID_CHARACTERISTIC: installationTime is missing"),
        (order_of("fibre-100", installationKind="Helicopter"), "INVALID_CHARACTERISTIC"),
        (order_of("fibre-100", colour="Red"), "INVALID_CHARACTERISTIC: colour is no field"),
        (order_of("dsl-2"), "NOT_SOLD"),
        ({**order_of("dsl-8"), "relatedParty": []}, "CUSTOMER_MISSING"),
        (deletion_of("nothing"), "PRODUCT_UNKNOWN"),
    ],
)
async def test_an_order_that_cannot_be_carried_out_is_rejected_with_the_reason(
    fjordnet: Operator, body: object, reason: str
) -> None:
    status, order = await fjordnet.call("POST", f"{ORDERING}/productOrder", body)

    assert (status, order["state"], order["productOrderItem"][0]["state"]) == (201, "rejected", "rejected")
    assert max(order["note"], key=lambda note: note["date"])["text"].startswith(reason)
    assert (await fjordnet.counts())["products"] == {}


async def test_a_bundle_is_ordered_by_its_parts(aurora: Operator) -> None:
    order = await aurora.order("komplett")

    assert (order["state"], order["note"][0]["text"].split(":")[0]) == ("rejected", "BUNDLE_NOT_ORDERABLE")


async def test_several_values_of_a_field_are_kept_as_a_list(aurora: Operator) -> None:
    product = await aurora.delivered("tv-bas", subtitles=["Swedish", "Finnish"], videoQuality="UHD")

    assert {"name": "subtitles", "value": ["Swedish", "Finnish"]} in product["productCharacteristic"]
    assert [price["name"] for price in product["productPrice"]] == ["Monthly fee", "Start fee", "UHD picture"]


async def test_a_delete_ends_the_product(fjordnet: Operator) -> None:
    product = await fjordnet.delivered("fibre-100")
    status, order = await fjordnet.call("POST", f"{ORDERING}/productOrder", deletion_of(product["id"]))
    ending = await fjordnet.get(f"{INVENTORY}/product/{product['id']}")
    await fjordnet.order_in(order["id"], "completed")

    ended = await fjordnet.get(f"{INVENTORY}/product/{product['id']}")
    _, again = await fjordnet.call("POST", f"{ORDERING}/productOrder", deletion_of(product["id"]))

    assert (status, ending["status"], ended["status"]) == (201, "pendingTerminate", "terminated")
    assert ended["terminationDate"] > ended["startDate"]
    assert again["note"][0]["text"] == "PRODUCT_NOT_ACTIVE: the product is terminated"


async def test_nobody_ends_another_customers_product(fjordnet: Operator) -> None:
    product = await fjordnet.delivered("fibre-100")

    _, order = await fjordnet.call("POST", f"{ORDERING}/productOrder", deletion_of(product["id"], "bertil"))

    assert order["state"] == "rejected"
    assert (await fjordnet.counts())["products"] == {"active": 1}


async def test_products_are_listed_by_party(fjordnet: Operator) -> None:
    product = await fjordnet.delivered("fibre-100")

    own = await fjordnet.get(f"{INVENTORY}/product?relatedParty.id=anna")
    others = await fjordnet.get(f"{INVENTORY}/product?relatedParty.id=bertil")

    assert ([row["id"] for row in own], others) == ([product["id"]], [])


async def test_what_was_due_while_nobody_was_there_is_done_at_the_start(
    tmp_path: Path, session: aiohttp.ClientSession
) -> None:
    async with run_operators(tmp_path, ("fjordnet",), delivery_min_s=0.5, delivery_max_s=0.5) as urls:
        order = await Operator(session, urls["fjordnet"]).order("fibre-100", "key-1")

    async with run_operators(tmp_path, ("fjordnet",)) as urls:
        fjordnet = Operator(session, urls["fjordnet"])
        await fjordnet.order_in(order["id"], "completed")
        again = await fjordnet.order("fibre-100", "key-1")

        assert again["id"] == order["id"]
        assert (await until(fjordnet.counts, lambda c: c["orders"] == {"completed": 1}))["products"] == {"active": 1}
