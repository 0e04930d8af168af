"""An order can be cancelled until its point of no return."""

from pathlib import Path
from typing import Any

import aiohttp

from providers.simulator.serving import run_operators
from tests.simulator.calls import INVENTORY, ORDERING, Operator, deletion_of, until

CANCEL = f"{ORDERING}/cancelProductOrder"


def _of(order: dict[str, Any]) -> dict[str, Any]:
    return {"productOrder": {"id": order["id"]}, "cancellationReason": "Moved house"}


async def _cancel_slow(session: aiohttp.ClientSession, data: Path, **settings: Any) -> tuple[int, Any, Any, Any]:
    """Cancels an order that takes an hour: the answer, the order and the counts afterwards."""
    async with run_operators(data, ("fjordnet",), delivery_min_s=3600, delivery_max_s=3600, **settings) as urls:
        fjordnet = Operator(session, urls["fjordnet"])
        order = await fjordnet.order("fibre-100")
        status, task = await fjordnet.call("POST", CANCEL, _of(order))
        after = await fjordnet.get(f"{ORDERING}/productOrder/{order['id']}")
        return status, task, after, await fjordnet.counts()


async def test_a_cancelled_order_leaves_no_product(tmp_path: Path, session: aiohttp.ClientSession) -> None:
    status, task, order, counts = await _cancel_slow(session, tmp_path)

    assert (status, task["state"], order["state"]) == (201, "done", "cancelled")
    assert order["cancellationReason"] == "Moved house"
    assert counts["products"] == {}


async def test_past_the_point_of_no_return_a_cancellation_is_a_conflict(
    tmp_path: Path, session: aiohttp.ClientSession
) -> None:
    status, error, order, counts = await _cancel_slow(session, tmp_path, point_of_no_return=0.0)

    assert (status, error["code"], error["status"]) == (409, "POINT_OF_NO_RETURN", "409")
    assert order["state"] == "acknowledged"
    assert counts["products"] == {"pendingActive": 1}


async def test_a_completed_order_cannot_be_cancelled(fjordnet: Operator) -> None:
    order = await fjordnet.order("fibre-100")
    await fjordnet.order_in(order["id"], "completed")

    status, error = await fjordnet.call("POST", CANCEL, _of(order))

    assert (status, error["code"]) == (409, "NOT_CANCELLABLE")
    assert (await fjordnet.counts())["products"] == {"active": 1}


async def test_a_cancellation_can_take_its_time(tmp_path: Path, session: aiohttp.ClientSession) -> None:
    async with run_operators(tmp_path, ("fjordnet",), delivery_min_s=9, delivery_max_s=9, cancel_s=0.1) as urls:
        fjordnet = Operator(session, urls["fjordnet"])
        order = await fjordnet.order("fibre-100")

        _, task = await fjordnet.call("POST", CANCEL, _of(order))
        meanwhile = await fjordnet.get(f"{ORDERING}/productOrder/{order['id']}")
        await fjordnet.order_in(order["id"], "cancelled")
        done = await fjordnet.get(f"{CANCEL}/{task['id']}")

        assert (task["state"], meanwhile["state"], done["state"]) == ("inProgress", "pendingCancellation", "done")


async def test_a_cancellation_is_found_by_its_order_and_kept_by_its_key(
    tmp_path: Path, session: aiohttp.ClientSession
) -> None:
    async with run_operators(tmp_path, ("fjordnet",), delivery_min_s=9, delivery_max_s=9) as urls:
        fjordnet = Operator(session, urls["fjordnet"])
        order = await fjordnet.order("fibre-100")

        _, task = await fjordnet.call("POST", CANCEL, _of(order), Idempotency_Key="c-1")
        _, again = await fjordnet.call("POST", CANCEL, _of(order), Idempotency_Key="c-1")
        status, _ = await fjordnet.call("POST", CANCEL, _of(order), Idempotency_Key="c-2")
        found = await fjordnet.get(f"{CANCEL}?productOrder.id={order['id']}")

        assert (again["id"], status) == (task["id"], 409)
        assert [row["id"] for row in found] == [task["id"]]


async def test_an_unknown_order_cannot_be_cancelled(fjordnet: Operator) -> None:
    status, error = await fjordnet.call("POST", CANCEL, _of({"id": "nothing"}))

    assert (status, error["code"]) == (400, "UNKNOWN_ORDER")


async def test_a_refusal_that_comes_late_lets_the_delivery_go_on(fjordnet: Operator) -> None:
    await fjordnet.fault(operation="cancelProductOrder.create", kind="fail_late", reason="Already on the van")
    order = await fjordnet.order("fibre-100")

    status, task = await fjordnet.call("POST", CANCEL, _of(order))
    refused = await until(
        lambda: fjordnet.get(f"{CANCEL}/{task['id']}"), lambda found: found["state"] == "terminatedWithError"
    )
    done = await fjordnet.order_in(order["id"], "completed")

    assert (status, task["state"], refused["productOrder"]["id"]) == (201, "inProgress", order["id"])
    assert done["note"][-1]["text"] == "Already on the van"


async def test_cancelling_a_deletion_leaves_the_product_active(tmp_path: Path, session: aiohttp.ClientSession) -> None:
    async with run_operators(tmp_path, ("fjordnet",), delivery_min_s=0.2, delivery_max_s=0.2) as urls:
        fjordnet = Operator(session, urls["fjordnet"])
        product = await fjordnet.delivered("fibre-100")
        _, deletion = await fjordnet.call("POST", f"{ORDERING}/productOrder", deletion_of(product["id"]))

        status, _ = await fjordnet.call("POST", CANCEL, _of(deletion))

        assert status == 201
        assert (await fjordnet.get(f"{INVENTORY}/product/{product['id']}"))["status"] == "active"
