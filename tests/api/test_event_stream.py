"""Subscriptions as server-sent events, a connection for each: resumed, ended and kept alive as documented."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.api.running import Running
from tests.api.streams import EVENT_STREAM, FOLLOW, an_order_of, numbers, opened, told
from tests.clock import NOON

STREAM = {"accept": EVENT_STREAM}


@pytest.mark.requirement("V8", "N3")
async def test_the_history_comes_first_and_complete_after_the_last_event(gateway: Running) -> None:
    order = await an_order_of(gateway, await gateway.sign_in("maria"), "OrderPlaced", "OrderCompleted")

    async with opened(gateway, FOLLOW, {"id": order.id}, "maria", **STREAM) as stream:
        first, second, end = [await stream.event() for _ in range(3)]

        assert stream.response.headers["content-type"] == "text/event-stream; charset=utf-8"
        assert (first["event"], second["event"]) == ("next", "next")
        assert numbers([first, second]) == [1, 2]
        assert first["id"] == first["data"]["data"]["orderEvents"]["cursor"]
        assert end == {"event": "complete", "data": None}
        assert await stream.rest() == b""


@pytest.mark.requirement("N3")
async def test_what_happens_later_comes_as_it_happens(gateway: Running) -> None:
    order = await an_order_of(gateway, await gateway.sign_in("maria"), "OrderPlaced")

    async with opened(gateway, FOLLOW, {"id": order.id}, "maria", **STREAM) as stream:
        await stream.event()
        await told(gateway, order, "OrderItemActivated")

        assert numbers([await stream.event()]) == [2]


async def test_the_last_event_id_of_a_browser_goes_before_the_operations_own_cursor(gateway: Running) -> None:
    order = await an_order_of(gateway, await gateway.sign_in("maria"), *["OrderStateChanged"] * 3, "OrderCompleted")
    async with opened(gateway, FOLLOW, {"id": order.id}, "maria", **STREAM) as stream:
        seen = [await stream.event() for _ in range(3)]

    variables = {"id": order.id, "after": seen[0]["id"]}
    async with opened(gateway, FOLLOW, variables, "maria", last_event_id=seen[1]["id"], **STREAM) as stream:
        rest = [await stream.event() for _ in range(3)]

    assert numbers(rest[:2]) == [3, 4]
    assert rest[2]["event"] == "complete"


async def test_a_foreign_last_event_id_is_refused(gateway: Running) -> None:
    order = await an_order_of(gateway, await gateway.sign_in("maria"), "OrderPlaced")

    async with opened(gateway, FOLLOW, {"id": order.id}, "maria", last_event_id="nonsense", **STREAM) as stream:
        refused, end = await stream.event(), await stream.event()

    assert refused["data"]["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"
    assert end["event"] == "complete"


@pytest.mark.parametrize(
    ("query", "code"),
    [
        (FOLLOW, "UNAUTHENTICATED"),
        ("subscription { nothing }", "GRAPHQL_VALIDATION_FAILED"),
        ("subscription {", "GRAPHQL_PARSE_FAILED"),
    ],
)
async def test_what_stands_in_the_way_of_the_start_is_the_only_event(gateway: Running, query: str, code: str) -> None:
    async with opened(gateway, query, {"id": "x"}, **STREAM) as stream:
        refused, end = await stream.event(), await stream.event()

    assert stream.status == 200
    assert refused["data"]["errors"][0]["extensions"]["code"] == code
    assert end["event"] == "complete"


async def test_a_client_that_also_reads_json_gets_the_refusal_as_json(gateway: Running) -> None:
    accept = "text/event-stream, application/json"
    async with opened(gateway, FOLLOW, {"id": "x"}, accept=accept) as stream:
        assert stream.response.content_type == "application/json"
        assert (await stream.response.json())["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


async def test_a_query_is_streamed_only_where_no_json_type_stands_before(gateway: Running) -> None:
    async with opened(gateway, "{ viewer { id } }", accept="text/event-stream, application/json") as stream:
        assert (await stream.event())["data"]["data"] == {"viewer": None}
        assert (await stream.event())["event"] == "complete"

    for accept in ("application/json, text/event-stream", "application/graphql-response+json, text/event-stream;q=0.9"):
        async with opened(gateway, "{ viewer { id } }", accept=accept) as answer:
            assert "json" in answer.response.content_type
            assert (await answer.response.json(content_type=None))["data"] == {"viewer": None}


@pytest.mark.requirement("S2")
async def test_the_end_of_the_session_is_told_and_final(gateway: Running) -> None:
    order = await an_order_of(gateway, await gateway.sign_in("maria"), "OrderPlaced")

    async with opened(gateway, FOLLOW, {"id": order.id}, "maria", **STREAM) as stream:
        await stream.event()
        async with gateway.storage.writing() as unit:
            await unit.accounts.end_session("maria", NOON)
            unit.wake("session:maria")
        last, end = await stream.event(), await stream.event()

        assert last["data"]["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
        assert end["event"] == "complete"
        assert await stream.rest() == b""


async def test_a_shutdown_ends_the_stream_without_complete(gateway: Running) -> None:
    order = await an_order_of(gateway, await gateway.sign_in("maria"), "OrderPlaced")

    async with opened(gateway, FOLLOW, {"id": order.id}, "maria", **STREAM) as stream:
        await stream.event()
        gateway.end_streams()

        # The browser comes again by itself, and goes on after the last event.
        assert await stream.rest() == b""


async def test_a_token_that_runs_out_ends_the_stream_without_complete(gateway: Running) -> None:
    maria = await gateway.sign_in("maria")
    gateway.tokens.callers["maria"] = replace(maria, expires_at=NOON + timedelta(seconds=0.3))
    order = await an_order_of(gateway, maria, "OrderPlaced")

    async with opened(gateway, FOLLOW, {"id": order.id}, "maria", **STREAM) as stream:
        await stream.event()
        gateway.clock.advance(seconds=1)

        # Signs of life apart, nothing more is said.
        assert (await stream.rest()).replace(b":\n\n", b"") == b""


async def test_a_silent_stream_gets_signs_of_life(gateway: Running) -> None:
    order = await an_order_of(gateway, await gateway.sign_in("maria"), "OrderPlaced")

    async with opened(gateway, FOLLOW, {"id": order.id}, "maria", **STREAM) as stream:
        assert await stream.until(b"\n\n") == b"retry: 1000\n\n"
        await stream.event()
        assert await stream.until(b"\n\n") == b":\n\n"
        assert await stream.until(b"\n\n") == b":\n\n"


async def test_a_client_that_goes_away_leaves_nothing_behind(gateway: Running) -> None:
    maria = await gateway.sign_in("maria")
    order = await an_order_of(gateway, maria, "OrderPlaced")
    # Who she is stays remembered after her first request.
    await gateway.core.actors.find(maria.actor.id if maria.actor else "")
    listeners = gateway.wakeups.listener_count

    async with opened(gateway, FOLLOW, {"id": order.id}, "maria", **STREAM) as stream:
        await stream.event()
        assert gateway.wakeups.listener_count > listeners
        stream.response.close()

    async with asyncio.timeout(5):
        while gateway.core.feed._channels or gateway.wakeups.listener_count > listeners:  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def test_by_get_a_subscription_needs_the_sessions_cookie(gateway: Running) -> None:
    order = await an_order_of(gateway, await gateway.sign_in("maria"), "OrderPlaced")
    asked = {"query": FOLLOW.strip(), "variables": f'{{"id": "{order.id}"}}'}
    bearer, cookie = {"authorization": "Bearer maria"}, {"cookie": "session=maria"}

    async with gateway.http.get(f"{gateway.address}/graphql", params=asked, headers=STREAM | bearer) as refused:
        assert (refused.status, refused.headers["allow"]) == (405, "POST")
    async with gateway.http.get(f"{gateway.address}/graphql", params=asked, headers=STREAM) as refused:
        assert refused.status == 405
    async with gateway.http.get(f"{gateway.address}/graphql", params=asked, headers=STREAM | cookie) as taken:
        assert (taken.status, taken.content_type) == (200, EVENT_STREAM)


async def test_a_fault_in_a_stream_is_masked_and_ends_it(gateway: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    order = await an_order_of(gateway, await gateway.sign_in("maria"), "OrderPlaced")

    async def broken(*_: object) -> bytes:
        raise RuntimeError("the inside")

    monkeypatch.setattr("gateway.api.operations.fanout.Share.payload", broken)
    async with opened(gateway, FOLLOW, {"id": order.id}, "maria", **STREAM) as stream:
        last = await stream.event()

        assert last["data"]["errors"][0]["extensions"]["code"] == "INTERNAL"
        assert "inside" not in str(last)
