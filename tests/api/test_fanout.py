"""One execution of an event for all who follow it alike, and none shared with who may see something else."""

import asyncio
from collections.abc import Mapping
from contextlib import AsyncExitStack
from typing import Any

import pytest

from gateway.api.operations.execution import Execution
from gateway.api.operations.fanout import Fanout
from gateway.domain.parties import Caller
from tests.api.running import Running, begun, said, send
from tests.api.streams import an_order_of, told

FOLLOW = """
subscription($id: ID!, $after: String) { orderEvents(orderId: $id, after: $after) { sequence message order { id } } }
"""


@pytest.fixture
def executed(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The events that were executed, each time that one was."""
    found: list[Any] = []
    execute = Execution._payload

    async def counted(self: Execution, event: Any, *args: Any) -> bytes:
        found.append(event.sequence)
        return await execute(self, event, *args)

    monkeypatch.setattr(Execution, "_payload", counted)
    return found


async def _following(gateway: Running, stack: AsyncExitStack, variables: Mapping[str, Any], query: str = FOLLOW) -> Any:
    socket = await stack.enter_async_context(gateway.socket())
    await begun(socket, {"authorization": "Bearer maria"})
    await send(socket, {"id": "a", "type": "subscribe", "payload": {"query": query, "variables": variables}})
    return socket


async def _settled(executed: list[int]) -> None:
    """Waits until each has read the history to its end, and follows."""
    await asyncio.sleep(0.2)
    executed.clear()


async def _next(socket: Any) -> dict[str, Any]:
    found: dict[str, Any] = (await said(socket))["payload"]["data"]["orderEvents"]
    return found


async def test_an_event_is_executed_once_for_all_who_follow_alike(gateway: Running, executed: list[int]) -> None:
    order = await an_order_of(gateway, await gateway.sign_in("maria"), "OrderPlaced")

    async with AsyncExitStack() as stack:
        sockets = [await _following(gateway, stack, {"id": order.id}) for _ in range(20)]
        assert [(await _next(each))["sequence"] for each in sockets] == [1] * 20
        await _settled(executed)
        await told(gateway, order, "OrderItemActivated")
        seen = [await _next(each) for each in sockets]

    assert [each["sequence"] for each in seen] == [2] * 20
    assert all(each["order"] == {"id": order.id} for each in seen)
    assert executed == [2]


async def test_where_each_goes_on_from_makes_no_difference(gateway: Running, executed: list[int]) -> None:
    order = await an_order_of(gateway, await gateway.sign_in("maria"), "OrderPlaced")
    page = await gateway.ask(
        "query($id: ID!) { order(id: $id) { events { pageInfo { endCursor } } } }", {"id": order.id}, "maria"
    )
    cursor = page["data"]["order"]["events"]["pageInfo"]["endCursor"]

    async with AsyncExitStack() as stack:
        whole = await _following(gateway, stack, {"id": order.id})
        await _next(whole)
        rest = await _following(gateway, stack, {"id": order.id, "after": cursor})
        await _settled(executed)
        await told(gateway, order, "OrderItemActivated")
        assert [(await _next(each))["sequence"] for each in (whole, rest)] == [2, 2]

    assert executed == [2]


async def test_another_operation_is_executed_for_itself(gateway: Running, executed: list[int]) -> None:
    order = await an_order_of(gateway, await gateway.sign_in("maria"), "OrderPlaced")
    other = FOLLOW.replace("message", "occurredAt")

    async with AsyncExitStack() as stack:
        sockets = [await _following(gateway, stack, {"id": order.id}, query) for query in (FOLLOW, other)]
        for each in sockets:
            await _next(each)
        await _settled(executed)
        await told(gateway, order, "OrderItemActivated")
        first, second = [await _next(each) for each in sockets]

    assert (first.keys() - second.keys(), second.keys() - first.keys()) == ({"message"}, {"occurredAt"})
    assert executed == [2, 2]


async def test_who_can_not_pay_for_an_event_waits_alone() -> None:
    event, rich, poor, made = object(), Caller(address="::1"), Caller(address="::2"), list[object]()

    async def execute(event: object) -> bytes:
        made.append(event)
        return b"{}"

    share = Fanout().share("alike", execute, lambda caller: 60 if caller is poor else None)
    waiting = asyncio.create_task(share.payload(event, poor))
    await asyncio.sleep(0.01)

    assert await share.payload(event, rich) == b"{}"
    assert (made, waiting.done()) == ([event], False)
    waiting.cancel()


async def test_any_of_those_who_follow_alike_may_pay_for_what_is_made_ahead_and_nobody_twice() -> None:
    charged, budgets = list[str](), {"::1": 0, "::2": 1, "::3": 5}

    async def execute(_: object) -> bytes:
        return b"{}"

    def charge(caller: Caller) -> int | None:
        budgets[caller.address] -= 1
        charged.append(caller.address)
        return None if budgets[caller.address] >= 0 else 60

    share, (first, second) = Fanout().share("alike", execute, charge), (object(), object())
    poor, poorer, rich = (Caller(address=each) for each in ("::2", "::1", "::3"))
    for each in (poorer, poor, poor, rich):
        share.join(each)
    await share.prepare(first)
    assert [await share.payload(first, each) for each in (poorer, poor, rich)] == [b"{}"] * 3
    await share.leave(rich)
    await share.prepare(second)

    assert charged == ["::1", "::2", "::1", "::2"]
    assert await share.payload(second, rich) == b"{}"


async def test_what_the_last_who_leaves_waited_for_is_not_made_to_its_end() -> None:
    others, ended = asyncio.all_tasks(), list[str]()

    async def execute(_: object) -> bytes:
        try:
            await asyncio.sleep(60)
        finally:
            ended.append("here")
        return b"{}"

    async def follow() -> None:
        share.join(Caller())
        try:
            await share.payload(event, Caller())
        finally:
            await share.leave(Caller())

    share, event = Fanout().share("alike", execute, lambda _: None), object()
    first, last = asyncio.create_task(follow()), asyncio.create_task(follow())
    await asyncio.sleep(0.01)
    first.cancel()
    await asyncio.wait([first])
    assert ended == []
    last.cancel()
    await asyncio.wait([last])

    assert (ended, asyncio.all_tasks()) == (["here"], others)
