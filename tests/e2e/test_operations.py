"""Operations over HTTP against a real gateway: a service client finds the held orders, and decides about them."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from yarl import URL

from tests.e2e.consumer import Consumer, Data, consumer
from tests.e2e.processes import Program, credentials, demo
from tests.e2e.shopping import basket, place

OPERATIONS = Path(__file__).parents[1] / "operations"
# Short enough to see an item HELD within a test.
IMPATIENT = {"GATEWAY_ORDER_ANSWER_S": "2", "GATEWAY_ORDER_DELIVERY_S": "2", "GATEWAY_ORDER_HELD_POLL_S": "0.5"}
SECONDS = 30


def operation(name: str) -> str:
    """A document, byte for byte."""
    return (OPERATIONS / f"{name}.graphql").read_bytes().decode()


class Shift:
    """A gateway with impatient limits: its customer, its operator, and a service client for operations."""

    def __init__(self, program: Program, data: Path, nobody: Consumer) -> None:
        self.program = program
        self.data = data
        self.nobody = nobody

    async def begin(self) -> None:
        """Signs everybody in."""
        self.customer = await self.nobody.newcomer()
        self.operator = await self.nobody.signed_in("operator", credentials(self.data)["operator"])
        made = await self.operator.ask(
            'mutation { createServiceClient(input: {name: "tool", scopes: [OPERATIONS]})'
            " { serviceClient { id } secret } }"
        )
        found = made["createServiceClient"]
        self.client_id = found["serviceClient"]["id"]
        form = {
            "grant_type": "client_credentials", "client_id": self.client_id, "client_secret": found["secret"]
        }  # fmt: skip
        async with self.nobody.session.post(f"{self.nobody.url}/auth/token", data=form) as response:
            token = (await response.json())["access_token"]
        self.client = Consumer(self.nobody.session, self.nobody.url, token)

    async def tell(self, **rule: Any) -> None:
        """Puts a fault in force at every operator; without one, takes all of them back."""
        for each in json.loads((self.data / "providers.json").read_text("utf-8"))["providers"]:
            address = URL(each["settings"]["url"]).with_path("/_control/faults")
            send = self.nobody.session.post(address, json=rule) if rule else self.nobody.session.delete(address)
            async with send as response:
                assert response.status in {201, 204}, await response.text()

    async def held(self, **given: Any) -> Data:
        """A new order that waits for a person, as operations lists it."""
        order = await place(self.customer, (await basket(self.customer)).given(**given))
        async with asyncio.timeout(SECONDS):
            while True:
                page = await self.client.ask(operation("operations-orders"), {"filter": {"states": ["HELD"]}})
                rows = [edge["node"] for edge in page["operationsOrders"]["edges"]]
                found = [each for each in rows if each["id"] == order]
                if found:
                    return dict(found[0])
                await asyncio.sleep(0.2)

    async def ended(self, order: str) -> Data:
        """The order once it has ended, as its customer sees it."""
        async with asyncio.timeout(SECONDS):
            while True:
                found = (await self.customer.run("13", id=order, first=100))["order"]
                if found["state"] in {"COMPLETED", "PARTIAL", "FAILED", "CANCELLED"}:
                    return dict(found)
                await asyncio.sleep(0.2)

    async def steps(self, order: str) -> list[Data]:
        """What was done for it."""
        found = await self.client.ask(operation("operations-order"), {"id": order, "first": 100})
        return [edge["node"] for edge in found["operationsOrder"]["steps"]["edges"]]


@pytest.fixture
async def shift(tmp_path: Path) -> AsyncIterator[Shift]:
    data = tmp_path / "data"
    with demo(data, port=None, **IMPATIENT) as program:
        await program.ready()
        async with consumer(program.url) as nobody:
            made = Shift(program, data, nobody)
            await made.begin()
            yield made


def _held_item(order: Data) -> Data:
    return dict(next(item for item in order["items"] if item["hold"]))


def _given(order: Data, key: str = "ticket-1") -> Data:
    return _given_of(order, _held_item(order), key)


def _given_of(order: Data, item: Data, key: str) -> Data:
    return {"orderId": order["id"], "itemId": item["id"], "reason": "Told by phone", "idempotencyKey": key}


@pytest.mark.requirement("R7")
async def test_operations_finds_a_held_order_and_retries_what_did_not_reach_its_provider(shift: Shift) -> None:
    await shift.tell(operation="productOrder.create", kind="status", status=503, retry_after=1)
    order = await shift.held()
    held = _held_item(order)
    assert held["hold"]["code"] in {"PROVIDER_UNAVAILABLE", "PROVIDER_OUTCOME_UNKNOWN"}
    backlog = (await shift.client.ask(operation("order-backlog")))["orderBacklog"]
    assert (backlog["openOrders"], backlog["heldOrders"], backlog["stalledOrderId"]) == (1, 1, order["id"])
    (executor,) = (await shift.operator.ask(operation("executors")))["executors"]["edges"]
    assert (executor["node"]["name"], executor["node"]["isAlive"]) == ("local", True)

    refused = await shift.customer.send(operation("operations-orders"))
    await shift.tell()
    for number, item in enumerate(item for item in order["items"] if item["hold"]):
        given = _given_of(order, item, f"ticket-{number}")
        answer = await _until_it_answers(shift, "operations-retry-order-item", given)

    assert refused[1]["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    assert answer["retryOrderItem"]["operationsOrder"]["id"] == order["id"]
    assert (await shift.ended(order["id"]))["state"] == "COMPLETED"
    of_item = [each for each in await shift.steps(order["id"]) if each["itemId"] == held["id"]]
    assert [(each["step"], each["attempt"], each["outcome"]) for each in of_item][-2:] == [
        ("retry", 1, "NEW_ATTEMPT"),
        ("place", 2, "PLACED"),
    ]
    audit = (await shift.operator.ask(operation("all-security-events"), {"first": 100}))["allSecurityEvents"]
    told = [edge["node"] for edge in audit["edges"] if edge["node"]["kind"] == "ORDER_ITEM_RETRIED"]
    assert {(each["actorId"], each["subject"]) for each in told} == {(shift.client_id, order["id"])}


async def _until_it_answers(shift: Shift, name: str, given: Data) -> Data:
    """The provider is spared calls for a while after it failed; the same key may be sent again and again."""
    async with asyncio.timeout(SECONDS):
        while True:
            answer = await shift.client.ask(operation(name), {"input": given})
            ((_, payload),) = answer.items()
            if not payload["userErrors"]:
                return answer
            assert payload["userErrors"][0]["code"] in {"LOOK_FAILED", "LOOK_TOO_EARLY"}, payload
            await asyncio.sleep(0.5)


@pytest.mark.requirement("R7")
async def test_operations_skips_what_never_comes_and_the_customer_keeps_the_rest(shift: Shift) -> None:
    await shift.tell(operation="productOrder.create", kind="never_finish", skip=1)
    order = await shift.held(completionPolicy="BEST_EFFORT")

    answer = await shift.client.ask(operation("skip-order-item"), {"input": _given(order)})
    again = await shift.client.ask(operation("skip-order-item"), {"input": _given(order, "ticket-2")})

    assert answer["skipOrderItem"]["userErrors"] == []
    assert answer["skipOrderItem"]["item"]["failure"] == {"code": "GIVEN_UP"}
    assert [each["code"] for each in again["skipOrderItem"]["userErrors"]] == ["NOT_HELD"]
    ended = await shift.ended(order["id"])
    assert ended["state"] in {"PARTIAL", "FAILED"}
    failed = next(item for item in ended["items"] if item["id"] == _held_item(order)["id"])
    assert failed["state"] == "FAILED"


@pytest.mark.requirement("R7")
async def test_an_operator_gives_an_order_up_and_the_customer_is_told(shift: Shift) -> None:
    await shift.tell(operation="productOrder.create", kind="never_finish")
    order = await shift.held()
    given = {"orderId": order["id"], "reason": "The street is closed", "idempotencyKey": "ticket-1"}

    answer = await shift.operator.ask(operation("fail-order"), {"input": given})

    assert (answer["failOrder"]["userErrors"], answer["failOrder"]["order"]["isUndoing"]) == ([], True)
    assert (await shift.ended(order["id"]))["state"] == "FAILED"
    history = await shift.customer.ask(
        "query($id: ID!) { order(id: $id) { events(first: 100) { edges { node {"
        " __typename message ... on OrderFailed { reason { code } } } } } } }",
        {"id": order["id"]},
    )
    last = history["order"]["events"]["edges"][-1]["node"]
    assert (last["__typename"], last["reason"]) == ("OrderFailed", {"code": "GIVEN_UP"})
