"""Subscriptions as server-sent events over one connection for all of a client's operations."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import orjson
import pytest

from gateway.api.operations.limits import OperationLimits
from tests.api.running import Running, running
from tests.api.streams import EVENT_STREAM, FOLLOW, Open, an_order_of, told


def _headers(token: str | None, who: str | None = "maria", **more: str) -> dict[str, str]:
    own = {"x-graphql-event-stream-token": token} if token else {}
    return own | ({"authorization": f"Bearer {who}"} if who else {}) | more


async def _reserved(gateway: Running, who: str | None = "maria") -> str:
    async with gateway.http.put(f"{gateway.address}/graphql", headers=_headers(None, who)) as response:
        assert (response.status, response.content_type) == (201, "text/plain")
        return await response.text()


@asynccontextmanager
async def _claimed(gateway: Running, token: str, who: str | None = "maria") -> AsyncIterator[Open]:
    headers = _headers(token, who, accept=EVENT_STREAM)
    async with gateway.http.get(f"{gateway.address}/graphql", headers=headers) as response:
        yield Open(response)


async def _run(gateway: Running, token: str, query: str, key: Any, who: str | None = "maria", **variables: Any) -> int:
    body = {"query": query, "variables": variables, "extensions": {"operationId": key}}
    async with gateway.http.post(f"{gateway.address}/graphql", json=body, headers=_headers(token, who)) as response:
        return response.status


async def _ended(gateway: Running, token: str, key: str, who: str = "maria") -> int:
    asked = {"operationId": key}
    headers = _headers(token, who)
    async with gateway.http.delete(f"{gateway.address}/graphql", params=asked, headers=headers) as response:
        return response.status


@pytest.mark.requirement("N3")
async def test_several_operations_share_one_stream(gateway: Running) -> None:
    order = await an_order_of(gateway, await gateway.sign_in("maria"), "OrderPlaced")
    token = await _reserved(gateway)

    async with _claimed(gateway, token) as stream:
        assert (stream.status, stream.response.content_type) == (200, EVENT_STREAM)
        assert await _run(gateway, token, FOLLOW, "follow", id=order.id) == 202
        first = await stream.event()
        assert await _run(gateway, token, "{ viewer { username } }", "ask") == 202
        answer, end = await stream.event(), await stream.event()
        await told(gateway, order, "OrderCompleted")
        second, last = await stream.event(), await stream.event()

    assert [first["data"]["id"], second["data"]["id"]] == ["follow", "follow"]
    events = [each["data"]["payload"]["data"]["orderEvents"] for each in (first, second)]
    assert [each["sequence"] for each in events] == [1, 2]
    assert first["id"] == events[0]["cursor"]
    assert answer["data"]["payload"]["data"] == {"viewer": {"username": "maria"}}
    assert (end, last) == (
        {"event": "complete", "data": {"id": "ask"}},
        {"event": "complete", "data": {"id": "follow"}},
    )


async def test_what_is_asked_before_the_stream_is_open_waits_for_it(gateway: Running) -> None:
    token = await _reserved(gateway, None)
    assert await _run(gateway, token, "{ viewer { id } }", "early", None) == 202

    async with _claimed(gateway, token, None) as stream:
        assert (await stream.event())["data"]["id"] == "early"


async def test_an_operation_can_be_ended_twice_and_its_id_used_again(gateway: Running) -> None:
    order = await an_order_of(gateway, await gateway.sign_in("maria"), "OrderPlaced")
    token = await _reserved(gateway)

    async with _claimed(gateway, token) as stream:
        assert await _run(gateway, token, FOLLOW, "1", id=order.id) == 202
        await stream.event()
        assert await _run(gateway, token, FOLLOW, "1", id=order.id) == 409
        assert (await _ended(gateway, token, "1"), await _ended(gateway, token, "1")) == (200, 200)
        assert await _run(gateway, token, "{ viewer { username } }", "1") == 202
        assert (await stream.event())["data"]["payload"]["data"] == {"viewer": {"username": "maria"}}


async def test_the_stream_takes_its_operations_with_it(gateway: Running) -> None:
    order = await an_order_of(gateway, await gateway.sign_in("maria"), "OrderPlaced")
    token = await _reserved(gateway)
    async with _claimed(gateway, token) as stream:
        await _run(gateway, token, FOLLOW, "1", id=order.id)
        await stream.event()
        stream.response.close()

    async with asyncio.timeout(5):
        while gateway.core.feed._channels:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    assert await _run(gateway, token, FOLLOW, "2", id=order.id) == 404


@pytest.mark.requirement("S3")
async def test_anothers_stream_is_none(gateway: Running) -> None:
    await gateway.sign_in("maria")
    await gateway.sign_in("otto")
    token = await _reserved(gateway)

    for who in ("otto", None):
        assert await _run(gateway, token, "{ viewer { id } }", "1", who) == 404
        async with _claimed(gateway, token, who) as stream:
            assert stream.status == 404
    assert await _ended(gateway, token, "1", "otto") == 404
    async with _claimed(gateway, token) as stream:
        assert stream.status == 200


async def test_a_stream_is_opened_once(gateway: Running) -> None:
    token = await _reserved(gateway, None)
    async with _claimed(gateway, token, None) as first, _claimed(gateway, token, None) as second:
        assert (first.status, second.status) == (200, 409)


@pytest.mark.parametrize("key", [None, ""])
async def test_an_operation_needs_an_id_of_its_own(gateway: Running, key: Any) -> None:
    token = await _reserved(gateway, None)
    assert await _run(gateway, token, "{ viewer { id } }", key, None) == 400


async def test_no_more_operations_run_on_a_stream_than_on_a_websocket(gateway: Running) -> None:
    order = await an_order_of(gateway, await gateway.sign_in("maria"), "OrderPlaced")
    token = await _reserved(gateway)
    for n in range(100):
        assert await _run(gateway, token, FOLLOW, str(n), id=order.id) == 202
    assert await _run(gateway, token, FOLLOW, "100", id=order.id) == 429


async def test_an_unknown_stream_is_not_found(gateway: Running) -> None:
    assert await _run(gateway, "unknown", "{ viewer { id } }", "1", None) == 404
    async with _claimed(gateway, "unknown", None) as stream:
        assert stream.status == 404
        assert (await stream.response.json())["errors"][0]["extensions"]["code"] == "NOT_FOUND"


async def test_a_document_that_can_not_be_run_is_told_on_the_stream(gateway: Running) -> None:
    token = await _reserved(gateway, None)
    async with _claimed(gateway, token, None) as stream:
        assert await _run(gateway, token, "{ nothing }", "1", None) == 202
        refused = await stream.event()

    assert refused["data"]["payload"]["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"


async def test_an_operation_of_which_the_body_comes_late_does_not_outlive_its_stream(gateway: Running) -> None:
    order = await an_order_of(gateway, await gateway.sign_in("maria"), "OrderPlaced")
    token = await _reserved(gateway)
    body = orjson.dumps({"query": FOLLOW, "variables": {"id": order.id}, "extensions": {"operationId": "1"}})
    is_closed = asyncio.Event()

    async def halves() -> AsyncIterator[bytes]:
        yield body[:20]
        await is_closed.wait()
        yield body[20:]

    async with _claimed(gateway, token) as stream:
        headers = _headers(token) | {"content-type": "application/json"}
        late = asyncio.create_task(
            _status(gateway.http.post(f"{gateway.address}/graphql", data=halves(), headers=headers))
        )
        await asyncio.sleep(0.1)
        stream.response.close()
    await asyncio.sleep(0.1)
    is_closed.set()

    assert await late == 404
    assert gateway.core.feed._channels == {}


async def test_a_reservation_is_charged(tmp_path: Path) -> None:
    limits = OperationLimits(cost_per_address="700/hour")
    async with running(tmp_path, operation=limits) as gateway:
        statuses = [await _status(gateway.http.put(f"{gateway.address}/graphql")) for _ in range(3)]

    assert statuses == [201, 201, 429]


async def _status(request: Any) -> int:
    async with request as response:
        return int(response.status)
