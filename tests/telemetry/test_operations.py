"""What operators see of operations: time, outcome, trace, who follows what, and what is refused or broken."""

from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import aiohttp
import pytest
import structlog
from sqlalchemy import text

from gateway.api.operations.persisted import Manifest, Trust
from gateway.api.telemetry.names import OperationNames
from gateway.domain.parties import Caller
from gateway.ports import NewEvent
from tests.api.running import Running, begun, received, running, send
from tests.clock import NOON
from tests.samples import an_order
from tests.telemetry.collector import Collector
from tests.telemetry.figures import figure, figure_in
from tests.telemetry.test_traces import SAMPLED, SPAN, TRACE

FOLLOW = "subscription Follow { customerEvents { ... on OrderEvent { cursor } } }"
COUNT = "gateway_operation_seconds_count"


def counted(gateway: Running, operation: str, outcome: str, kind: str = "query") -> float:
    return figure(gateway.telemetry, COUNT, operation=operation, kind=kind, outcome=outcome)


def refused(gateway: Running, code: str, surface: str = "graphql") -> float:
    return figure(gateway.telemetry, "gateway_refusals_total", surface=surface, code=code)


def break_caller(gateway: Running) -> None:
    """Whoever asks by the token `broken` is somebody without a name."""
    nameless: Any = SimpleNamespace(id="an-id", memberships=(), is_operator=False)
    gateway.tokens.actors = None  # nobody keeps such an actor
    gateway.tokens.callers["broken"] = Caller(nameless, "broken")


async def test_an_operation_is_counted_by_its_name_and_the_code_of_its_first_error(gateway: Running) -> None:
    await gateway.ask("query Browse { productOfferings { edges { cursor } } }")
    await gateway.ask("query Browse { productOfferings(first: 1000) { edges { cursor } } }")
    await gateway.ask("{ __typename }")
    await gateway.ask("mutation M { createBundle(input: {}) { bundle { id } } }")

    assert counted(gateway, "Browse", "ok") == 1
    assert counted(gateway, "Browse", "BAD_USER_INPUT") == 1
    assert counted(gateway, "anonymous", "ok") == 1
    assert counted(gateway, "M", "UNAUTHENTICATED", "mutation") == 1


async def test_what_is_no_operation_is_a_refusal_and_takes_no_name(gateway: Running) -> None:
    await gateway.ask("query Broken {")
    await gateway.ask("query Invalid { nothing }")
    async with gateway.http.post(f"{gateway.address}/graphql", data="query") as response:
        assert response.status == 415
    async with gateway.socket() as socket:
        await send(socket, {"type": "subscribe", "id": "1", "payload": {"query": FOLLOW}})
        await socket.wait_closed()

    assert refused(gateway, "GRAPHQL_PARSE_FAILED") == 1
    assert refused(gateway, "GRAPHQL_VALIDATION_FAILED") == 1
    assert refused(gateway, "BAD_USER_INPUT") == 1
    assert refused(gateway, "UNAUTHORIZED", "websocket") == 1
    exposed = gateway.telemetry.metrics.exposed()
    assert b"Broken" not in exposed
    assert b"Invalid" not in exposed


def test_only_so_many_names_are_kept_beside_those_of_trusted_documents() -> None:
    names = OperationNames(most=4)
    names.trust(["Trusted"])

    labels = [names.label(name) for name in ("A", "x" * 65, "B", "C", "A", "Trusted", None)]

    assert labels == ["A", "other", "B", "other", "A", "Trusted", "anonymous"]


def test_who_is_not_signed_in_takes_half_of_the_names_and_no_more() -> None:
    names = OperationNames(most=2)

    labels = [names.label(name, is_signed_in=False) for name in ("A", "B", "A")]

    assert labels == ["A", "other", "A"]
    assert [names.label(name) for name in ("A", "B", "C")] == ["A", "B", "other"]


async def test_the_operations_of_trusted_documents_have_their_names_whatever_came_before(tmp_path: Path) -> None:
    manifest = Manifest(Trust.ALSO, {"t": "query Trusted { __typename }"})
    async with running(tmp_path, manifest=manifest) as gateway:
        await gateway.sign_in("maria")
        for number in range(52):
            await gateway.ask(f"query Q{number} {{ __typename }}")
        for number in range(52):
            await gateway.ask(f"query Mine{number} {{ __typename }}", token="maria")
        await gateway.ask("query Trusted { __typename }")

        assert (counted(gateway, "Q49", "ok"), counted(gateway, "Q50", "ok")) == (1, 0)
        assert (counted(gateway, "Mine49", "ok"), counted(gateway, "Mine50", "ok")) == (1, 0)
        assert counted(gateway, "other", "ok") == 4
        assert counted(gateway, "Trusted", "ok") == 1


async def test_a_request_is_one_span_in_the_clients_trace(gateway: Running, collector: Collector) -> None:
    await gateway.sign_in("maria")
    await gateway.ask("query Who($id: ID!) { order(id: $id) { id } }", {"id": "secret"}, "maria", traceparent=SAMPLED)

    (span,) = await collector.named("query Who")
    assert (span.trace_id, span.parent_id) == (TRACE, SPAN)
    assert {key: span.attributes[key] for key in ("gateway.caller", "gateway.outcome")} == {
        "gateway.caller": "customer",
        "gateway.outcome": "ok",
    }
    assert len(str(span.attributes["graphql.document.hash"])) == 64
    assert b"secret" not in collector.raw
    assert b"order(id" not in collector.raw


@pytest.mark.parametrize(
    ("upgrade", "greeting", "extensions"),
    [
        ({"traceparent": SAMPLED}, {}, {}),
        ({}, {"traceparent": SAMPLED}, {}),
        ({}, {"traceparent": 1}, {"traceparent": SAMPLED}),
    ],
    ids=["by the upgrade", "by connection_init", "by the operation"],
)
async def test_a_trace_comes_in_by_a_websocket_too(
    gateway: Running,
    collector: Collector,
    upgrade: Mapping[str, str],
    greeting: Mapping[str, Any],
    extensions: Mapping[str, Any],
) -> None:
    socket = gateway.socket()
    socket.additional_headers = upgrade
    async with socket as connection:
        await begun(connection, greeting)
        payload = {"query": "query Over { __typename }", "extensions": extensions}
        await send(connection, {"id": "1", "type": "subscribe", "payload": payload})
        assert (await received(connection))["type"] == "next"

    (span,) = await collector.named("query Over")
    assert (span.trace_id, span.parent_id) == (TRACE, SPAN)


async def test_each_operation_on_a_websocket_is_a_trace_of_its_own(gateway: Running, collector: Collector) -> None:
    async with gateway.socket() as socket:
        await begun(socket)
        for key in ("1", "2"):
            await send(socket, {"id": key, "type": "subscribe", "payload": {"query": "query Over { __typename }"}})
            assert [(await received(socket))["type"] for _ in range(2)] == ["next", "complete"]

    spans = await collector.named("query Over", 2)
    assert [each.parent_id for each in spans] == ["", ""]
    assert len({each.trace_id for each in spans}) == 2


async def _append(gateway: Running, caller: Caller, number: int) -> None:
    customer = caller.actor.memberships[0].customer.id if caller.actor else ""
    order = an_order(customer)
    async with gateway.storage.writing() as unit:
        await unit.orders.add(order)
        await unit.orders.save(await unit.events.append(order, [NewEvent("OrderPlaced")] * number, NOON))


@pytest.mark.parametrize("transport", ["websocket", "text/event-stream", "multipart/mixed"])
async def test_who_follows_is_counted_while_they_do_and_so_is_what_they_are_sent(
    gateway: Running, collector: Collector, transport: str
) -> None:
    caller = await gateway.sign_in("maria")
    await _append(gateway, caller, 2)

    def following() -> float:
        return figure(gateway.telemetry, "gateway_subscribers", transport=transport, field="customerEvents")

    if transport == "websocket":
        async with gateway.socket() as socket:
            await begun(socket, {"authorization": "Bearer maria"})
            await send(socket, {"id": "1", "type": "subscribe", "payload": {"query": FOLLOW}})
            assert [(await received(socket))["type"] for _ in range(2)] == ["next", "next"]
            seen = following()
    else:
        headers = {"authorization": "Bearer maria", "accept": transport}
        body = {"query": FOLLOW}
        async with (
            aiohttp.ClientSession() as http,
            http.post(f"{gateway.address}/graphql", json=body, headers=headers) as response,
        ):
            sent = ""
            while sent.count("cursor") < 2:
                sent += (await response.content.readany()).decode()
            seen = following()

    (span,) = await collector.named("subscription Follow")
    assert (seen, following()) == (1, 0)
    assert figure(gateway.telemetry, "gateway_deliveries_total", field="customerEvents") == 2
    assert counted(gateway, "Follow", "ok", "subscription") == 1
    assert span.attributes["gateway.outcome"] == "ABANDONED"


async def test_a_fault_has_the_trace_of_its_request_and_is_counted(gateway: Running, collector: Collector) -> None:
    break_caller(gateway)

    with structlog.testing.capture_logs() as logged:
        answer = await gateway.ask("query Fault { viewer { username } }", token="broken", traceparent=SAMPLED)

    (span,) = await collector.named("query Fault")
    assert answer["errors"][0]["extensions"] == {"code": "INTERNAL", "traceId": TRACE}
    assert [each["trace_id"] for each in logged if each["event"] == "fault"] == [TRACE]
    assert figure(gateway.telemetry, "gateway_faults_total") == 1
    assert counted(gateway, "Fault", "INTERNAL") == 1
    assert (span.trace_id, span.failure) == (TRACE, "INTERNAL")


async def test_a_fault_beyond_the_schema_has_the_trace_of_its_request(gateway: Running) -> None:
    nobody: Any = "not a caller"
    gateway.tokens.callers["broken"] = nobody

    answer = await gateway.ask("{ viewer { id } }", token="broken", traceparent=SAMPLED)

    assert answer["errors"][0]["extensions"] == {"code": "INTERNAL", "traceId": TRACE}
    assert figure(gateway.telemetry, "gateway_faults_total") == 1


async def test_a_fault_that_ends_an_operation_on_a_websocket_has_that_operations_trace(
    gateway: Running, collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def break_down(*_: object) -> None:
        raise RuntimeError("the inside")

    monkeypatch.setattr("gateway.usecases.following.follow_customer", break_down)
    await gateway.sign_in("maria")
    payload = {"query": FOLLOW, "extensions": {"traceparent": SAMPLED}}

    async with gateway.socket() as socket:
        await begun(socket, {"authorization": "Bearer maria"})
        await send(socket, {"id": "1", "type": "subscribe", "payload": payload})
        message = await received(socket)

    (span,) = await collector.named("subscription Follow")
    assert message["type"] == "error"
    assert message["payload"][0]["extensions"] == {"code": "INTERNAL", "traceId": TRACE}
    assert (span.trace_id, span.attributes["gateway.outcome"]) == (TRACE, "INTERNAL")


async def test_a_fault_that_ends_a_stream_has_that_operations_trace(gateway: Running, collector: Collector) -> None:
    caller = await gateway.sign_in("maria")
    await _append(gateway, caller, 1)
    customer = caller.actor.memberships[0].customer.id if caller.actor else ""
    payload = {"query": FOLLOW, "extensions": {"traceparent": SAMPLED}}

    async with gateway.socket() as socket:
        await begun(socket, {"authorization": "Bearer maria"})
        await send(socket, {"id": "1", "type": "subscribe", "payload": payload})
        assert (await received(socket))["type"] == "next"
        async with gateway.storage.engine.begin() as connection:
            await connection.execute(text("DROP TABLE order_event"))
        gateway.wakeups.notify(f"customer:{customer}")
        message = await received(socket)

    (span,) = await collector.named("subscription Follow")
    assert message["type"] == "error"
    assert message["payload"][0]["extensions"] == {"code": "INTERNAL", "traceId": TRACE}
    assert (span.trace_id, span.attributes["gateway.outcome"]) == (TRACE, "INTERNAL")


async def _metrics(gateway: Running, **headers: str) -> tuple[int, str]:
    async with gateway.http.get(f"{gateway.address}/metrics", headers=headers) as response:
        return response.status, await response.text()


async def test_metrics_are_there_for_this_machine_with_the_orders_as_the_store_has_them(gateway: Running) -> None:
    caller = await gateway.sign_in("maria")
    await _append(gateway, caller, 1)

    status, exposed = await _metrics(gateway)

    assert status == 200
    assert figure_in(exposed, "gateway_orders_open", state="ACKNOWLEDGED") == 1
    assert figure_in(exposed, "gateway_orders_open", state="HELD") == 0
    assert figure_in(exposed, "process_cpu_seconds_total") > 0
    assert "_created" not in exposed


@pytest.mark.parametrize("header", ["forwarded", "x-forwarded-for"])
async def test_what_comes_through_a_proxy_that_is_not_trusted_sees_no_metrics(gateway: Running, header: str) -> None:
    assert await _metrics(gateway, **{header: "127.0.0.1"}) == (404, "")


async def test_another_network_sees_no_metrics(tmp_path: Path) -> None:
    async with running(tmp_path) as gateway:
        assert await _metrics(gateway) == (404, "")
