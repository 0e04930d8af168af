"""An operator fails in the way it was told to, and no more often."""

import time

import aiohttp
import pytest

from tests.simulator.calls import CATALOG, INVENTORY, ORDERING, Operator, order_of

PATH = f"{ORDERING}/productOrder"


async def _orders(operator: Operator) -> int:
    return int(sum((await operator.counts())["orders"].values()))


async def test_it_rejects_with_the_reason(fjordnet: Operator) -> None:
    await fjordnet.fault(operation="productOrder.create", kind="reject", reason="NO_PORT: no port is free", times=1)

    first, second = await fjordnet.order("fibre-100"), await fjordnet.order("fibre-250")

    assert (first["state"], first["note"][0]["text"]) == ("rejected", "NO_PORT: no port is free")
    assert second["state"] == "acknowledged"


async def test_it_fails_late_with_the_reason_and_an_aborted_product(fjordnet: Operator) -> None:
    await fjordnet.fault(operation="productOrder.create", kind="fail_late", match="fibre-100", reason="The cable broke")
    spared, order = await fjordnet.order("fibre-250"), await fjordnet.order("fibre-100")

    failed = await fjordnet.order_in(order["id"], "failed")
    product = await fjordnet.get(f"{INVENTORY}/product/{failed['productOrderItem'][0]['product']['id']}")

    assert failed["note"][-1]["text"] == "The cable broke"
    assert product["status"] == "aborted "
    assert (await fjordnet.order_in(spared["id"], "completed"))["state"] == "completed"
    assert (await fjordnet.counts())["bills"] == 1


async def test_it_never_finishes_but_can_be_cancelled(fjordnet: Operator) -> None:
    await fjordnet.fault(operation="productOrder.create", kind="never_finish")
    order = await fjordnet.order("fibre-100")
    await fjordnet.order_in(order["id"], "inProgress")

    _, hastened = await fjordnet.call("POST", "/_control/deliveries", {})
    status, task = await fjordnet.call("POST", f"{ORDERING}/cancelProductOrder", {"productOrder": {"id": order["id"]}})

    assert hastened == {"hastened": 0}
    assert (status, task["state"]) == (201, "done")


async def test_it_is_slow(fjordnet: Operator) -> None:
    await fjordnet.fault(operation="*.list", kind="slow", seconds=0.3, times=1)
    begun = time.monotonic()

    await fjordnet.get(f"{CATALOG}/category")
    first = time.monotonic() - begun
    await fjordnet.get(f"{CATALOG}/category")

    assert first >= 0.3
    assert time.monotonic() - begun - first < 0.3


@pytest.mark.parametrize(("kind", "orders"), [("drop_before", 0), ("drop_after", 1)])
async def test_it_drops_the_connection_before_or_after_the_work(fjordnet: Operator, kind: str, orders: int) -> None:
    await fjordnet.fault(operation="productOrder.create", kind=kind, times=1)

    with pytest.raises((aiohttp.ServerDisconnectedError, aiohttp.ClientOSError)):
        await fjordnet.order("fibre-100", "key-1")
    assert await _orders(fjordnet) == orders
    await fjordnet.order("fibre-100", "key-1")

    assert await _orders(fjordnet) == 1


@pytest.mark.parametrize(("does_work", "orders"), [(False, 0), (True, 1)])
async def test_it_answers_with_a_status_and_when_to_come_again(
    fjordnet: Operator, does_work: bool, orders: int
) -> None:
    rule = {"operation": "productOrder.create", "kind": "status", "status": 503, "retry_after": 2}
    await fjordnet.fault(**rule, does_work=does_work)

    async with fjordnet.session.post(fjordnet.url + PATH, json=order_of("fibre-100")) as response:
        assert (response.status, response.headers["Retry-After"]) == (503, "2")
        assert (await response.json())["code"] == "TOLD_TO_FAIL"

    assert await _orders(fjordnet) == orders


@pytest.mark.parametrize(
    ("shape", "body"),
    [("text", b"<html>"), ("empty", b""), ("list", b"[[]]"), ("wrong", b'{"id":7,')],
)
async def test_it_answers_nonsense(fjordnet: Operator, shape: str, body: bytes) -> None:
    await fjordnet.fault(operation="productOrder.create", kind="nonsense", shape=shape, does_work=True)

    async with fjordnet.session.post(fjordnet.url + PATH, json=order_of("fibre-100")) as response:
        assert response.status == 200
        assert (await response.read()).startswith(body)

    assert await _orders(fjordnet) == 1


async def test_it_fails_only_the_calls_that_are_meant(fjordnet: Operator) -> None:
    await fjordnet.fault(operation="product.get", kind="status", match="p-1", skip=1, times=1)

    statuses = [(await fjordnet.call("GET", f"{INVENTORY}/product/{ref}"))[0] for ref in ("p-2", "p-1", "p-1", "p-1")]
    (rule,) = await fjordnet.get("/_control/faults")

    assert statuses == [404, 404, 503, 404]
    assert (rule["met"], rule["applied"]) == (2, 1)


async def test_rules_are_taken_back(fjordnet: Operator) -> None:
    await fjordnet.fault(operation="*", kind="status")
    await fjordnet.fault(operation="*.list", kind="status")

    await fjordnet.call("DELETE", "/_control/faults/1")
    left = await fjordnet.get("/_control/faults")
    await fjordnet.call("DELETE", "/_control/faults")

    assert [rule["id"] for rule in left] == [2]
    assert await fjordnet.get("/_control/faults") == []


async def test_a_rule_that_makes_no_sense_is_a_bad_request(fjordnet: Operator) -> None:
    status, _ = await fjordnet.call("POST", "/_control/faults", {"operation": "x", "kind": "explode"})

    assert status == 400


async def test_calls_are_counted(fjordnet: Operator) -> None:
    await fjordnet.order("fibre-100")
    await fjordnet.get(f"{CATALOG}/category")

    counts = await fjordnet.counts()

    assert counts["calls"] == {"productOrder.create": 1, "category.list": 1}
    assert counts["ordersByAction"] == {"add": 1}
