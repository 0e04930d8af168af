"""GraphQL over WebSocket: the protocol's state machine, malformed frames, and the end of a session."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed, InvalidStatus

from gateway.api.transports import liveness
from gateway.domain.errors import StorageUnavailable
from gateway.domain.parties import Caller
from gateway.usecases.sessions import sign_out
from tests.api.running import Running, begun, received, said, send
from tests.api.streams import an_order_of, told
from tests.clock import NOON

FOLLOW = """
subscription($id: ID!, $after: String) {
  orderEvents(orderId: $id, after: $after) { __typename sequence cursor message order { id } }
}
"""


def _subscribe(query: str, variables: Any = None, key: str = "1") -> dict[str, Any]:
    return {"id": key, "type": "subscribe", "payload": {"query": query, "variables": variables}}


async def _closed(gateway: Running, *messages: Any, is_begun: bool = True) -> tuple[int, str]:
    """The code and reason that the connection is closed with after these messages."""
    async with gateway.socket() as socket:
        if is_begun:
            await begun(socket)
        for message in messages:
            await (socket.send(message) if isinstance(message, str | bytes) else send(socket, message))
        async with asyncio.timeout(5):
            await socket.wait_closed()
        return socket.close_code or 0, socket.close_reason or ""


@pytest.mark.parametrize(
    "message",
    [
        "{",
        b"{}",
        "1",
        "[]",
        "null",
        "{}",
        '{"type": 1}',
        '{"type": "dance"}',
        '{"type": "subscribe"}',
        '{"type": "subscribe", "id": 1, "payload": {"query": "{ viewer { id } }"}}',
        '{"type": "subscribe", "id": "", "payload": {"query": "{ viewer { id } }"}}',
        '{"type": "subscribe", "id": "1", "payload": null}',
        '{"type": "subscribe", "id": "1", "payload": []}',
        '{"type": "subscribe", "id": "1", "payload": {"query": 1}}',
        '{"type": "subscribe", "id": "1", "payload": {"query": "{ viewer { id } }", "variables": "x"}}',
        '{"type": "subscribe", "id": "1", "payload": {"query": "{ viewer { id } }", "operationName": 1}}',
        '{"type": "complete"}',
        '{"type": "complete", "id": {}}',
        '{"type": "ping", "payload": []}',
        "[" * 5_000,
    ],
)
async def test_a_malformed_message_closes_the_connection_with_4400(gateway: Running, message: Any) -> None:
    assert (await _closed(gateway, message))[0] == 4400


async def test_a_message_beyond_the_limit_closes_the_connection(gateway: Running) -> None:
    assert (await _closed(gateway, '"' + "x" * 20_000 + '"'))[0] == 1009


async def test_the_protocols_own_closing_codes_are_kept(gateway: Running) -> None:
    follow = _subscribe("subscription { customerEvents { id } }")

    assert await _closed(gateway, follow, is_begun=False) == (4401, "Unauthorized")
    assert (await _closed(gateway, {"type": "connection_init"}))[0] == 4429
    assert (await _closed(gateway, is_begun=False))[0] == 4408


async def test_a_second_greeting_leaves_nobody_waiting_for_the_session(gateway: Running) -> None:
    maria = await gateway.sign_in("maria")
    # Who she is stays remembered after her first request.
    await gateway.core.actors.find(maria.actor.id if maria.actor else "")
    before = gateway.wakeups.listener_count

    async with gateway.socket() as socket:
        await begun(socket, {"authorization": "Bearer maria"})
        await send(socket, {"type": "connection_init", "payload": {"authorization": "Bearer maria"}})
        await asyncio.wait_for(socket.wait_closed(), 5)

    async with asyncio.timeout(5):
        while gateway.wakeups.listener_count > before:  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def test_one_operation_too_many_is_refused_with_a_code(gateway: Running) -> None:
    await gateway.sign_in("maria")
    async with gateway.socket() as socket:
        await begun(socket, {"authorization": "Bearer maria"})
        for n in range(101):
            await send(socket, _subscribe("subscription { customerEvents { id } }", key=str(n)))
        message = await said(socket)

    assert (message["id"], message["type"]) == ("100", "error")
    assert message["payload"][0]["extensions"] == {
        "code": "RATE_LIMITED",
        "limit": {"name": "operations", "maximum": 100},
    }


async def test_the_legacy_protocol_is_not_spoken(gateway: Running) -> None:
    async with gateway.socket("graphql-ws") as socket:
        await asyncio.wait_for(socket.wait_closed(), 5)

    assert (socket.subprotocol, socket.close_code) == (None, 4406)


async def test_a_page_of_a_stranger_can_not_connect(gateway: Running) -> None:
    with pytest.raises(InvalidStatus) as refused:
        await gateway.socket(origin="https://stranger.example")
    assert refused.value.response.status_code == 403


async def test_queries_run_too_and_ping_is_answered(gateway: Running) -> None:
    async with gateway.socket() as socket:
        await begun(socket)
        await send(socket, {"type": "ping"})
        assert await received(socket) == {"type": "pong"}

        await send(socket, _subscribe("{ viewer { id } }"))
        message = await received(socket)
        assert (message["id"], message["type"], message["payload"]["data"]) == ("1", "next", {"viewer": None})
        assert await received(socket) == {"id": "1", "type": "complete"}


@pytest.mark.parametrize(
    ("query", "variables", "code"),
    [
        ("subscription {", None, "GRAPHQL_PARSE_FAILED"),
        ("subscription { nothing }", None, "GRAPHQL_VALIDATION_FAILED"),
        (FOLLOW, {}, "BAD_USER_INPUT"),
        (FOLLOW, {"id": "bm9uZQ"}, "NOT_FOUND"),
        ('subscription { customerEvents(after: "x") { id } }', None, "BAD_USER_INPUT"),
    ],
)
async def test_what_stands_in_the_way_of_a_start_is_an_error_message(
    gateway: Running, query: str, variables: Any, code: str
) -> None:
    await gateway.sign_in("maria")
    async with gateway.socket() as socket:
        await begun(socket, {"authorization": "Bearer maria"})
        await send(socket, _subscribe(query, variables))
        message = await said(socket)

        assert (message["type"], message["id"]) == ("error", "1")
        assert [each["extensions"]["code"] for each in message["payload"]] == [code]
        # The id is free again, and the connection lives on.
        await send(socket, _subscribe("{ viewer { username } }"))
        assert (await said(socket))["payload"]["data"] == {"viewer": {"username": "maria"}}


async def test_nobody_is_told_to_sign_in_whatever_the_id(gateway: Running) -> None:
    async with gateway.socket() as socket:
        await begun(socket)
        await send(socket, _subscribe(FOLLOW, {"id": "whatever"}))
        message = await said(socket)

    assert message["type"] == "error"
    assert message["payload"][0]["extensions"]["code"] == "UNAUTHENTICATED"


async def test_a_token_that_is_good_no_more_is_refused(gateway: Running) -> None:
    async with gateway.socket() as socket:
        await send(socket, {"type": "connection_init", "payload": {"authorization": "Bearer gone"}})
        with pytest.raises(ConnectionClosed) as closed:
            await said(socket)

    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4403


@pytest.mark.requirement("V8")
async def test_who_greets_while_the_database_is_away_is_told_to_try_again(
    gateway: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: object) -> None:
        raise StorageUnavailable("away")

    monkeypatch.setattr(type(gateway.tokens), "caller_of_token", away)
    greeting = {"type": "connection_init", "payload": {"authorization": "Bearer good"}}

    assert await _closed(gateway, greeting, is_begun=False) == (1013, "Try again later")


async def test_the_history_comes_first_and_the_stream_ends_with_the_order(gateway: Running) -> None:
    order = await an_order_of(
        gateway, await gateway.sign_in("maria"), "OrderPlaced", "OrderItemActivated", "OrderCompleted"
    )

    async with gateway.socket() as socket:
        await begun(socket, {"authorization": "Bearer maria"})
        await send(socket, _subscribe(FOLLOW, {"id": order.id}))
        events = [(await said(socket))["payload"]["data"]["orderEvents"] for _ in range(3)]

        assert [each["sequence"] for each in events] == [1, 2, 3]
        assert [each["__typename"] for each in events] == ["OrderPlaced", "OrderItemActivated", "OrderCompleted"]
        assert events[0]["message"] == "The order is placed."
        assert events[0]["order"] == {"id": order.id}
        assert await said(socket) == {"id": "1", "type": "complete"}


@pytest.mark.requirement("S3")
async def test_anothers_order_can_not_be_told_from_none(gateway: Running) -> None:
    order = await an_order_of(gateway, await gateway.sign_in("maria"), "OrderPlaced")
    await gateway.sign_in("otto")

    async with gateway.socket() as socket:
        await begun(socket, {"authorization": "Bearer otto"})
        await send(socket, _subscribe(FOLLOW, {"id": order.id}))
        message = await said(socket)

    assert message["payload"][0]["extensions"]["code"] == "NOT_FOUND"


@pytest.mark.requirement("S2")
async def test_the_end_of_the_session_ends_its_streams(gateway: Running) -> None:
    order = await an_order_of(gateway, await gateway.sign_in("maria"), "OrderPlaced")

    async with gateway.socket() as socket:
        await begun(socket, {"authorization": "Bearer maria"})
        await send(socket, _subscribe(FOLLOW, {"id": order.id}))
        assert (await said(socket))["type"] == "next"

        async with gateway.storage.writing() as unit:
            await unit.accounts.end_session("maria", NOON)
            unit.wake("session:maria")
        message = await said(socket)
        with pytest.raises(ConnectionClosed) as closed:
            await said(socket)

    assert message["type"] == "error"
    assert message["payload"][0]["extensions"]["code"] == "UNAUTHENTICATED"
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4403


async def test_a_client_that_is_done_leaves_nothing_behind(gateway: Running) -> None:
    order = await an_order_of(gateway, await gateway.sign_in("maria"), "OrderPlaced")
    async with gateway.socket() as socket:
        await begun(socket, {"authorization": "Bearer maria"})
        await send(socket, _subscribe(FOLLOW, {"id": order.id}))
        await said(socket)
        await send(socket, {"id": "1", "type": "complete"})

        await asyncio.sleep(0.05)

        assert gateway.core.feed._channels == {}


async def _maria(gateway: Running, seconds: float) -> Caller:
    """Signs in with a token that is good for these seconds of the gateway's clock."""
    maria = gateway.tokens.callers.get("maria") or await gateway.sign_in("maria")
    gateway.tokens.callers["maria"] = replace(maria, expires_at=NOON + timedelta(seconds=seconds))
    return maria


async def _close_code(socket: ClientConnection) -> int:
    async with asyncio.timeout(5):
        await socket.wait_closed()
    return socket.close_code or 0


async def test_a_token_that_runs_out_closes_the_connection_with_a_code_of_its_own(gateway: Running) -> None:
    await _maria(gateway, 0.3)
    async with gateway.socket() as socket:
        await begun(socket, {"authorization": "Bearer maria"})
        await send(socket, _subscribe("subscription { customerEvents { id } }"))
        gateway.clock.advance(seconds=1)

        # No operation is told of an error: the client takes them along to its next connection.
        assert await _close_code(socket) == 4498


async def test_a_token_is_renewed_on_the_open_connection(gateway: Running) -> None:
    order = await an_order_of(gateway, await _maria(gateway, 0.5), "OrderPlaced")
    async with gateway.socket() as socket:
        await begun(socket, {"authorization": "Bearer maria"})
        await send(socket, _subscribe(FOLLOW, {"id": order.id}))
        await said(socket)

        await _maria(gateway, 900)
        await send(socket, {"type": "ping", "payload": {"authorization": "Bearer maria"}})
        assert await said(socket) == {"type": "pong", "payload": {"expiresAt": "2026-03-01T12:15:00+00:00"}}
        gateway.clock.advance(seconds=2)
        await asyncio.sleep(0.6)
        await told(gateway, order, "OrderCompleted")

        message = await said(socket)
        assert (message["type"], message["payload"]["data"]["orderEvents"]["sequence"]) == ("next", 2)


@pytest.mark.parametrize("token", ["gone", "otto"])
async def test_a_bad_or_anothers_token_does_not_renew(gateway: Running, token: str) -> None:
    await gateway.sign_in("maria")
    await gateway.sign_in("otto")
    async with gateway.socket() as socket:
        await begun(socket, {"authorization": "Bearer maria"})
        await send(socket, {"type": "ping", "payload": {"authorization": f"Bearer {token}"}})

        assert await _close_code(socket) == 4403


async def test_what_an_operator_began_does_not_go_on_by_a_session_that_makes_none(gateway: Running) -> None:
    chief = await gateway.sign_in("maria", is_operator=True)
    assert chief.actor is not None
    gateway.tokens.actors = None
    plain = replace(chief, actor=replace(chief.actor, is_operator=False))
    async with gateway.socket() as socket:
        await begun(socket, {"authorization": "Bearer maria"})
        gateway.tokens.callers["maria"] = plain
        await send(socket, {"type": "ping", "payload": {"authorization": "Bearer maria"}})

        assert await _close_code(socket) == 4403


async def test_the_end_of_a_session_is_noticed_after_the_storage_was_away(
    gateway: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    maria = await gateway.sign_in("maria")
    failures, is_live = [StorageUnavailable("away")], gateway.tokens.is_live

    async def failing_once(caller: Caller) -> bool:
        if failures:
            raise failures.pop()
        return await is_live(caller)

    monkeypatch.setattr(gateway.tokens, "is_live", failing_once)
    monkeypatch.setattr(liveness, "AGAIN_S", 0.01)
    async with gateway.socket() as socket:
        await begun(socket, {"authorization": "Bearer maria"})
        await asyncio.sleep(0.05)
        await sign_out(gateway.core, maria.session_key or "")

        assert await _close_code(socket) == 4403


async def test_the_server_pings_a_silent_connection(gateway: Running) -> None:
    async with gateway.socket() as socket:
        await begun(socket)
        assert await received(socket) == {"type": "ping"}
        await send(socket, {"type": "pong"})
        assert await received(socket) == {"type": "ping"}


async def test_a_shutdown_tells_the_client_to_connect_again(gateway: Running) -> None:
    async with gateway.socket() as socket:
        await begun(socket)
        gateway.end_streams()

        assert await _close_code(socket) == 1012


async def test_a_flood_of_messages_closes_the_connection(gateway: Running) -> None:
    async with gateway.socket() as socket:
        await begun(socket)
        for _ in range(1000):
            await send(socket, {"type": "pong"})

        assert await _close_code(socket) == 4429
        assert socket.close_reason == "Too many messages"


async def test_a_page_of_the_gateways_own_host_can_connect(gateway: Running) -> None:
    async with gateway.socket(origin=gateway.address) as socket:
        await begun(socket)


async def test_an_id_is_used_by_one_operation_at_a_time(gateway: Running) -> None:
    await gateway.sign_in("maria")
    async with gateway.socket() as socket:
        await begun(socket, {"authorization": "Bearer maria"})
        follow = _subscribe("subscription { customerEvents { id } }")
        await send(socket, follow)
        await send(socket, follow)

        assert await _close_code(socket) == 4409


async def test_a_ping_before_the_greeting_is_answered(gateway: Running) -> None:
    async with gateway.socket() as socket:
        await send(socket, {"type": "ping"})
        assert await received(socket) == {"type": "pong"}
        await begun(socket)
