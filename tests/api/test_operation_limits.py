"""What bounds an operation while it runs: its time, its cost, and what its caller may spend in a while."""

import asyncio
from dataclasses import replace
from pathlib import Path

import orjson
import pytest

from gateway.api.operations.limits import OperationLimits
from gateway.domain.identity import provider_id
from gateway.domain.inventory import ProductStatus
from gateway.domain.members import Member
from gateway.domain.ordering.orders import Order, OrderedProduct
from gateway.domain.parties import Actor, Caller, MemberRole
from tests.api.running import Running, begun, running, said, send
from tests.api.streams import an_order_of, opened, told
from tests.federation.scripted import never, offering
from tests.samples import an_account, new_id

GRAPHQL = {"accept": "application/graphql-response+json"}
FORM = "query($id: ID!) { productOffering(id: $id) { name orderForm { fields { key } } } }"
VIEWER = "{ viewer { id } }"


async def test_what_an_operation_costs_is_told_with_its_answer(gateway: Running) -> None:
    async with opened(gateway, VIEWER) as answer:
        cost = (await answer.response.json())["extensions"]["cost"]

    assert cost == {"requested": cost["requested"], "limit": 100_000}
    assert cost["requested"] > 0


async def test_an_operation_that_costs_too_much_is_not_run(tmp_path: Path) -> None:
    async with running(tmp_path, operation=OperationLimits(cost=10)) as gateway:
        query = "query($n: Int) { productOfferings(first: $n) { edges { cursor } } }"
        async with opened(gateway, query, {"n": 50}, **GRAPHQL) as answer:
            (error,) = (await answer.response.json(content_type=None))["errors"]

        assert (answer.status, error["extensions"]["code"]) == (400, "QUERY_TOO_COMPLEX")
        assert error["extensions"]["limit"]["name"] == "cost"
        assert error["extensions"]["limit"]["maximum"] == 10
        assert error["extensions"]["limit"]["actual"] > 10
        assert "at most 10 may be asked at once" in error["message"]


async def test_what_costs_more_than_the_whole_budget_is_not_waited_for(tmp_path: Path) -> None:
    limits, query = OperationLimits(cost_per_actor="50/hour"), "{ productOfferings { edges { cursor } } }"
    async with running(tmp_path, operation=limits) as gateway, opened(gateway, query) as answer:
        (error,) = (await answer.response.json())["errors"]

    assert error["extensions"]["code"] == "QUERY_TOO_COMPLEX"
    assert error["extensions"]["limit"]["maximum"] == 50


async def test_a_caller_who_spent_it_all_is_told_when_to_come_again(tmp_path: Path) -> None:
    async with running(tmp_path, operation=OperationLimits(cost_per_address="3/hour")) as gateway:
        answers = []
        for _ in range(4):
            async with opened(gateway, "{ __typename }") as answer:
                answers.append((answer.status, answer.response.headers.get("retry-after"), await answer.rest()))

    assert [status for status, _, _ in answers] == [200, 200, 200, 429]
    _, retry_after, body = answers[3]
    (error,) = orjson.loads(body)["errors"]
    assert (error["extensions"]["code"], str(error["extensions"]["retryAfter"])) == ("RATE_LIMITED", retry_after)
    assert 3590 <= int(retry_after or 0) <= 3600


async def test_each_caller_has_a_budget_of_their_own(tmp_path: Path) -> None:
    async with running(tmp_path, operation=OperationLimits(cost_per_actor="2/hour")) as gateway:
        await gateway.sign_in("maria")
        await gateway.sign_in("otto")
        for token, status in (("maria", 200), ("maria", 200), ("maria", 429), ("otto", 200), (None, 200)):
            async with opened(gateway, "{ __typename }", token=token) as answer:
                assert (token, answer.status) == (token, status)


async def test_over_a_websocket_the_seconds_to_wait_stand_in_the_error(tmp_path: Path) -> None:
    limits = OperationLimits(cost_per_address="1/hour")
    async with running(tmp_path, operation=limits) as gateway, gateway.socket() as socket:
        await begun(socket)
        for key in ("1", "2"):
            await send(socket, {"id": key, "type": "subscribe", "payload": {"query": "{ __typename }"}})
        messages = [await said(socket) for _ in range(3)]

    refused = next(each for each in messages if each["type"] == "error")
    assert refused["payload"][0]["extensions"]["code"] == "RATE_LIMITED"
    assert refused["payload"][0]["extensions"]["retryAfter"] > 3590


@pytest.mark.parametrize("accept", ["application/graphql-response+json", "multipart/mixed, application/json"])
async def test_an_operation_that_takes_too_long_is_ended_with_its_calls_to_providers(
    tmp_path: Path, accept: str
) -> None:
    limits = OperationLimits(seconds=0.3)
    async with running(tmp_path, [offering("nord", "o-1")], operation=limits) as gateway:
        gateway.provider.behaviour = never
        begin = asyncio.get_running_loop().time()
        async with opened(gateway, FORM, {"id": offering("nord", "o-1").id}, accept=accept) as answer:
            (error,) = (await answer.response.json(content_type=None))["errors"]
        took = asyncio.get_running_loop().time() - begin

        assert gateway.provider.calls > 0
        assert gateway.provider.at_once == 0
    assert 0.3 <= took < 2
    assert (error["extensions"]["code"], error["extensions"]["limit"]) == (
        "TIMEOUT",
        {"name": "seconds", "maximum": 0.3},
    )
    assert error["message"] == "The operation took longer than 0.3 seconds and was ended."
    assert answer.status == (504 if "graphql" in accept else 200)


async def test_a_subscription_is_charged_at_its_start(tmp_path: Path) -> None:
    query, statuses = "subscription { customerEvents { id } }", []
    async with running(tmp_path, operation=OperationLimits(cost_per_actor="600/hour")) as gateway:
        await gateway.sign_in("maria")
        for _ in range(2):
            async with opened(gateway, query, token="maria", accept="text/event-stream") as stream:
                statuses.append(stream.status)

    assert statuses == [200, 429]


async def _delivered(gateway: Running, order: Order) -> Order:
    """The order, with a product of each item."""
    async with gateway.storage.writing() as unit:
        held = await unit.orders.get(order.id, lock=True)
        assert held is not None
        made = [provider_id("Product", each.provider, "p-1") for each in held.items]
        products = [OrderedProduct(each, "p-1", "Fibre 100", ProductStatus.ACTIVE) for each in made]
        items = [replace(item, product=product) for item, product in zip(held.items, products, strict=True)]
        after = replace(held, items=tuple(items))
        await unit.orders.save(after)
    return after


async def test_a_batch_that_several_rows_wait_for_is_cancelled_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    was_cancelled = asyncio.Event()

    async def find_products(*_: object) -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            was_cancelled.set()
            raise

    monkeypatch.setattr("gateway.usecases.inventory.find_products", find_products)
    async with running(tmp_path, operation=OperationLimits(seconds=0.3)) as gateway:
        order = await _delivered(gateway, await an_order_of(gateway, await gateway.sign_in("maria"), "OrderPlaced"))
        query = "query($id: ID!) { order(id: $id) { items { product { id } } } }"
        async with opened(gateway, query, {"id": order.id}, "maria") as answer:
            (error,) = (await answer.response.json())["errors"]

        await asyncio.wait_for(was_cancelled.wait(), 1)
    assert error["extensions"]["code"] == "TIMEOUT"


async def test_a_deferred_part_that_takes_too_long_is_ended_with_its_calls_to_providers(tmp_path: Path) -> None:
    query = "query($id: ID!) { productOffering(id: $id) { name ... @defer { orderForm { fields { key } } } } }"
    async with running(tmp_path, [offering("nord", "o-1")], operation=OperationLimits(seconds=0.3)) as gateway:
        gateway.provider.behaviour = never
        async with opened(gateway, query, {"id": offering("nord", "o-1").id}, accept="multipart/mixed") as stream:
            await stream.until(b"--graphql")
            first, second = await stream.part(), await stream.part()

        assert gateway.provider.calls > 0
        assert gateway.provider.at_once == 0
    assert (first["data"], first["hasNext"]) == ({"productOffering": {"name": "Offering o-1"}}, True)
    assert (second["errors"][0]["extensions"]["code"], second["hasNext"]) == ("TIMEOUT", False)


async def test_a_new_text_is_charged_for_its_length_also_one_that_can_not_be_run(tmp_path: Path) -> None:
    long = "{ nothing " + "x " * 400 + "}"
    async with running(tmp_path, operation=OperationLimits(cost_per_address="7000/hour")) as gateway:
        statuses = []
        for number in range(3):
            async with opened(gateway, f"{long} # {number}", accept=GRAPHQL["accept"]) as answer:
                statuses.append(answer.status)
        # What is known is not read again, and costs nothing.
        async with opened(gateway, f"{long} # 0", accept=GRAPHQL["accept"]) as answer:
            statuses.append(answer.status)

    assert statuses == [400, 400, 429, 400]


async def test_who_has_spent_it_all_takes_nothing_from_those_of_the_same_address(tmp_path: Path) -> None:
    limits = OperationLimits(cost_per_actor="2/hour", cost_per_address="4/hour")
    async with running(tmp_path, operation=limits) as gateway:
        codes = []
        for name in ("maria", "lars"):
            await gateway.sign_in(name)
        for token in ("maria", "maria", "maria", "maria", "lars", "lars"):
            async with opened(gateway, "{ __typename }", token=token) as answer:
                codes.append(answer.status)

    assert codes == [200, 200, 429, 429, 200, 200]


async def _manage_too(gateway: Running, manager: Caller, name: str) -> None:
    """Another manager of the same customer; the token is the name."""
    assert manager.actor is not None
    account = replace(an_account(name, None), customer_id=None)
    customer, actor = manager.actor.memberships[0].customer.id, Actor(account.actor_id, name)
    member = Member(new_id("Member"), customer, actor, MemberRole.SELF_SERVICE_MANAGER, gateway.clock.now())
    async with gateway.storage.writing() as unit:
        assert await unit.accounts.add(account)
        assert await unit.members.add(member)
        gateway.tokens.callers[name] = replace(manager, actor=await unit.accounts.actor(account.actor_id))


async def test_one_who_has_spent_it_all_keeps_an_event_from_nobody_who_follows_alike(tmp_path: Path) -> None:
    query = "subscription($id: ID!) { orderEvents(orderId: $id) { sequence order { id } } }"
    async with running(tmp_path, operation=OperationLimits(cost_per_actor="2000/hour")) as gateway:
        maria = await gateway.sign_in("maria")
        await _manage_too(gateway, maria, "otto")
        order = await an_order_of(gateway, maria, "OrderPlaced")
        async with (
            opened(gateway, query, {"id": order.id}, "maria", accept="text/event-stream") as first,
            opened(gateway, query, {"id": order.id}, "otto", accept="text/event-stream") as second,
        ):
            seen = [await first.event(), await second.event()]
            while "errors" not in await gateway.ask(
                "{ productOfferings(first: 10) { edges { cursor } } }", {}, "maria"
            ):
                pass
            await told(gateway, order, "OrderItemActivated")
            seen += [await first.event(), await second.event()]

    assert [each["data"]["data"]["orderEvents"]["sequence"] for each in seen] == [1, 1, 2, 2]


async def test_the_events_of_a_subscription_are_charged_and_come_late_rather_than_not(tmp_path: Path) -> None:
    limits = OperationLimits(cost_per_actor="1700/2 seconds")
    async with running(tmp_path, operation=limits) as gateway:
        order = await an_order_of(gateway, await gateway.sign_in("maria"), *["OrderStateChanged"] * 5)
        query = "subscription($id: ID!) { orderEvents(orderId: $id) { sequence order { id } } }"
        begun_at = asyncio.get_running_loop().time()
        async with opened(gateway, query, {"id": order.id}, "maria", accept="text/event-stream") as stream:
            seen = [await stream.event() for _ in range(5)]
        took = asyncio.get_running_loop().time() - begun_at

    assert [each["data"]["data"]["orderEvents"]["sequence"] for each in seen] == [1, 2, 3, 4, 5]
    assert took > 1
