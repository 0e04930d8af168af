"""A trace goes in with a client's request, through the gateway, and out to the providers."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest
from aiohttp import web
from starlette.types import Message, Receive, Scope, Send

from gateway.api.telemetry.exporting import TraceSettings, TracesNotInstalled, open_telemetry
from gateway.api.telemetry.middleware import Tracing
from gateway.api.telemetry.traces import Trace, current, current_id, parent_of
from gateway.api.telemetry.watching import Telemetry
from gateway.contract import Limits
from gateway.kit import Answer, Area, open_client
from tests.telemetry.collector import Kept, collecting
from tests.web import serving

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
SAMPLED, UNSAMPLED = f"00-{TRACE}-{SPAN}-01", f"00-{TRACE}-{SPAN}-00"


@asynccontextmanager
async def provider(received: list[Mapping[str, str]]) -> AsyncIterator[Area]:
    async def answer(request: web.Request) -> web.Response:
        received.append(request.headers)
        return web.json_response({})

    async with serving(answer) as url, open_client("nord", Limits()) as client:
        yield Area(client, "catalog", url, lambda: datetime.now(UTC))


async def ask(telemetry: Telemetry, area: Area) -> None:
    with telemetry.provider_calls.call("nord", "catalog", is_change=False):
        await area.get("thing", Answer.row)


async def operate(telemetry: Telemetry, area: Area, carrier: Mapping[str, str] | None = None) -> str:
    """One operation that asks the provider once; its trace."""
    with telemetry.operation("query", "Browse", "a1b2", carrier) as operation:
        operation.called_by("customer")
        await ask(telemetry, area)
        operation.end()
        return operation.trace.hex


async def spans_of(settings: TraceSettings, carrier: Mapping[str, str] | None = None) -> tuple[str, list[Kept], str]:
    """The trace of one operation, the spans that were kept of it, and what the provider was sent."""
    received: list[Mapping[str, str]] = []
    async with collecting() as collector, provider(received) as area:
        settings = TraceSettings(settings.exporter, collector.url, settings.ratio)
        async with open_telemetry(settings) as telemetry:
            trace = await operate(telemetry, area, carrier)
        return trace, collector.spans, received[0]["traceparent"]


async def test_an_operation_is_one_span_with_its_calls_to_providers_below() -> None:
    trace, spans, sent = await spans_of(TraceSettings("otlp"))

    call, operation = spans
    assert (operation.name, operation.trace_id, operation.parent_id) == ("query Browse", trace, "")
    assert operation.attributes == {
        "graphql.operation.type": "query",
        "graphql.operation.name": "Browse",
        "graphql.document.hash": "a1b2",
        "gateway.caller": "customer",
        "gateway.outcome": "ok",
    }
    assert (call.name, call.trace_id, call.parent_id) == ("catalog nord", trace, operation.span_id)
    assert call.attributes == {
        "gateway.provider": "nord",
        "gateway.capability": "catalog",
        "gateway.is_change": False,
        "gateway.outcome": "ok",
    }
    assert sent.startswith(f"00-{trace}-{call.span_id}-")


async def test_a_clients_trace_goes_on() -> None:
    trace, spans, sent = await spans_of(TraceSettings("otlp"), {"traceparent": SAMPLED})

    assert trace == TRACE
    assert [(each.trace_id, each.name) for each in spans] == [(TRACE, "catalog nord"), (TRACE, "query Browse")]
    assert spans[1].parent_id == SPAN
    assert sent.startswith(f"00-{TRACE}-{spans[0].span_id}-")


@pytest.mark.parametrize(
    ("settings", "given"),
    [
        (TraceSettings("otlp"), UNSAMPLED),
        (TraceSettings("otlp", ratio=0), SAMPLED),
        (TraceSettings("otlp", ratio=0), None),
    ],
    ids=["the client asks for none", "more than the ratio is asked for", "beyond the ratio"],
)
async def test_a_trace_that_is_not_kept_goes_on_all_the_same(settings: TraceSettings, given: str | None) -> None:
    trace, spans, sent = await spans_of(settings, {"traceparent": given} if given else None)

    assert spans == []
    assert sent.startswith(f"00-{trace}-")
    assert int(sent[-2:], 16) & 1 == 0


async def test_without_an_exporter_a_clients_span_is_handed_to_the_provider_as_it_is() -> None:
    received: list[Mapping[str, str]] = []
    async with provider(received) as area:
        await operate(Telemetry(), area, {"traceparent": SAMPLED, "tracestate": "a=b", "baggage": "who=ada"})

    assert received[0]["traceparent"] == SAMPLED
    assert received[0]["tracestate"] == "a=b"
    assert "baggage" not in received[0]


async def test_without_an_exporter_a_new_trace_begins_with_the_gateway() -> None:
    received: list[Mapping[str, str]] = []
    async with provider(received) as area:
        traces = [await operate(Telemetry(), area) for _ in range(2)]

    assert [each["traceparent"][3:35] for each in received] == traces
    assert len(set(traces)) == 2


async def test_a_call_outside_of_any_request_carries_no_trace_unless_its_span_is_kept() -> None:
    received: list[Mapping[str, str]] = []
    async with collecting() as collector, provider(received) as area:
        await ask(Telemetry(), area)
        async with open_telemetry(TraceSettings("otlp", collector.url)) as telemetry:
            await ask(telemetry, area)

    (span,) = collector.spans
    assert "traceparent" not in received[0]
    assert received[1]["traceparent"].startswith(f"00-{span.trace_id}-{span.span_id}-")
    assert span.parent_id == ""


@pytest.mark.parametrize(
    "given",
    [
        "",
        "00",
        f"ff-{TRACE}-{SPAN}-01",
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{'é' * 52}",
        "x" * 9999,
    ],
)
def test_a_malformed_traceparent_is_none(given: str) -> None:
    assert parent_of({"traceparent": given}) is None


def test_an_operation_of_a_request_has_the_requests_trace_and_one_of_a_connection_its_own() -> None:
    telemetry = Telemetry()

    def traces_within(trace: Trace) -> list[str]:
        current.set(trace)
        operations = [telemetry.operation("query", None) for _ in range(2)]
        current.set(None)
        return [each.trace.hex for each in operations]

    request = Trace(telemetry.metrics)
    connection = Trace(telemetry.metrics, is_connection=True)
    joined = Trace(telemetry.metrics, parent_of({"traceparent": SAMPLED}), is_connection=True)
    assert traces_within(request) == [request.hex, request.hex]
    assert len({connection.hex, *traces_within(connection)}) == 3
    assert traces_within(joined) == [TRACE, TRACE]


async def test_what_was_before_an_operation_is_again_after_it() -> None:
    async with collecting() as collector, open_telemetry(TraceSettings("otlp", collector.url)) as telemetry:
        outer = Trace(telemetry.metrics)
        current.set(outer)
        with telemetry.operation("query", "Inner", carrier={"traceparent": SAMPLED}):
            inner = current_id()
        after = current_id()
        current.set(None)

    assert (inner, after, current_id()) == (TRACE, outer.hex, None)


@pytest.mark.parametrize(("kind", "is_connection"), [("http", False), ("websocket", True)])
async def test_a_request_has_a_trace_from_its_first_moment(kind: str, is_connection: bool) -> None:
    seen: list[Trace | None] = []

    async def app(_scope: Scope, _receive: Receive, _send: Send) -> None:
        seen.append(current.get())

    async def receive() -> Message:
        return {}

    async def send(_message: Message) -> None: ...

    tracing = Tracing(app, Telemetry().metrics)
    for headers in ([], [(b"host", b"x"), (b"traceparent", SAMPLED.encode())], [(b"traceparent", b"\xff")]):
        await asyncio.ensure_future(tracing({"type": kind, "headers": headers}, receive, send))

    traces = [each for each in seen if each is not None]
    assert [each.is_connection for each in traces] == [is_connection] * 3
    assert [each.hex == TRACE for each in traces] == [False, True, False]
    assert all(int(each.hex, 16) for each in traces)


async def test_a_collector_that_is_away_delays_nothing_but_the_end_and_that_briefly() -> None:
    received: list[Mapping[str, str]] = []
    loop = asyncio.get_running_loop()
    async with provider(received) as area:
        async with open_telemetry(TraceSettings("otlp", "http://127.0.0.1:9/v1/traces")) as telemetry:
            begun = loop.time()
            await operate(telemetry, area)
            assert loop.time() - begun < 1
            begun = loop.time()
        assert loop.time() - begun < 5


@pytest.mark.parametrize("lacking", ["opentelemetry.sdk", "opentelemetry.exporter"])
async def test_a_gateway_that_can_not_keep_spans_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, lacking: str
) -> None:
    monkeypatch.setitem(sys.modules, lacking, None)

    with pytest.raises(TracesNotInstalled, match="the extra `traces`"):
        async with open_telemetry(TraceSettings("otlp")):
            pass


def test_what_keeps_spans_is_loaded_only_when_it_is_asked_for() -> None:
    program = "import sys, gateway.app; print([each for each in sys.modules if each.startswith('opentelemetry.sdk')])"

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)

    assert done.stdout == "[]\n"
