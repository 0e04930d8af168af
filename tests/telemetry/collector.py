"""A collector of spans: takes OTLP over HTTP, and keeps what came."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from tests.web import serving

LIMIT_S = 15.0
Value = str | bool | int


@dataclass(frozen=True)
class Kept:
    """One span; ids are hexadecimal."""

    name: str
    trace_id: str
    span_id: str
    parent_id: str
    attributes: Mapping[str, Value]
    failure: str
    events: Sequence[str]


@dataclass
class Collector:
    """The spans in the order of their arrival, and every byte as it came."""

    url: str = ""
    spans: list[Kept] = field(default_factory=list)
    raw: bytes = b""

    async def named(self, name: str, number: int = 1) -> list[Kept]:
        """Those with that name, once there are that many."""
        async with asyncio.timeout(LIMIT_S):
            while len(found := [each for each in self.spans if each.name == name]) < number:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        return found

    def below(self, span: Kept) -> list[Kept]:
        """Its children, of those that came so far."""
        return [each for each in self.spans if each.parent_id == span.span_id]


@asynccontextmanager
async def collecting() -> AsyncIterator[Collector]:
    """Runs from entry to exit."""
    collector = Collector()

    async def take(request: web.Request) -> web.Response:
        assert request.path == "/v1/traces"
        body = await request.read()
        collector.raw += body
        collector.spans += _spans(body)
        return web.Response(content_type="application/x-protobuf")

    async with serving(take) as url:
        collector.url = f"{url}/v1/traces"
        yield collector


def _spans(body: bytes) -> list[Kept]:
    message = ExportTraceServiceRequest.FromString(body)
    return [
        _kept(span) for resource in message.resource_spans for scope in resource.scope_spans for span in scope.spans
    ]


def _kept(span: Span) -> Kept:
    attributes: dict[str, Value] = {}
    for each in span.attributes:
        kind = each.value.WhichOneof("value")
        assert kind is not None
        attributes[each.key] = getattr(each.value, kind)
    ids = (span.trace_id.hex(), span.span_id.hex(), span.parent_span_id.hex())
    return Kept(span.name, *ids, attributes, span.status.message, [event.name for event in span.events])
