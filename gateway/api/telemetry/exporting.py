"""Where spans go: nowhere unless it is asked for; the parts that keep and send them are loaded only then."""

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from typing import TYPE_CHECKING, Literal

from gateway.api.telemetry.watching import Telemetry
from gateway.domain.errors import GatewayError

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import SpanProcessor, TracerProvider

SEND_TIMEOUT_S = 5
END_TIMEOUT_S = 3.0


class TracesNotInstalled(GatewayError):
    """Spans are to be kept, and what keeps them is not installed."""


@dataclass(frozen=True, slots=True)
class TraceSettings:
    """`endpoint` takes OTLP over HTTP; `ratio` of the traces are kept, all spans of a trace or none."""

    exporter: Literal["none", "console", "otlp"] = "none"
    endpoint: str = "http://127.0.0.1:4318/v1/traces"
    ratio: float = 1.0


@asynccontextmanager
async def open_telemetry(settings: TraceSettings) -> AsyncIterator[Telemetry]:
    """Watches from entry to exit; at the exit, what is left is sent, for a few seconds at most.

    Raises: TracesNotInstalled.
    """
    if settings.exporter == "none":
        yield Telemetry()
        return
    provider = _provider(settings)
    try:
        yield Telemetry(provider.get_tracer("gateway", _version()))
    finally:
        # A collector that is away may keep it for half a minute: a thread that nobody waits for any longer.
        ending = threading.Thread(target=provider.shutdown, name="gateway-traces", daemon=True)
        ending.start()
        await asyncio.to_thread(ending.join, END_TIMEOUT_S)


def _provider(settings: TraceSettings) -> "TracerProvider":
    if find_spec("opentelemetry.sdk") is None:
        raise TracesNotInstalled("GATEWAY_TRACES needs what the extra `traces` installs: telecom-gateway[traces]")
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider

    from gateway.api.telemetry.sampling import TraceIds, sampler

    provider = TracerProvider(
        sampler(settings.ratio),
        Resource.create({"service.name": "telecom-gateway", "service.version": _version()}),
        shutdown_on_exit=False,
        id_generator=TraceIds(),
    )
    provider.add_span_processor(_processor(settings))
    return provider


def _processor(settings: TraceSettings) -> "SpanProcessor":
    if settings.exporter == "console":
        import sys

        from opentelemetry.sdk.trace.export import ConsoleSpanExporter, SimpleSpanProcessor

        return SimpleSpanProcessor(ConsoleSpanExporter(out=sys.stderr))
    if find_spec("opentelemetry.exporter") is None:
        raise TracesNotInstalled("GATEWAY_TRACES=otlp needs what the extra `traces` installs: telecom-gateway[traces]")
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    return BatchSpanProcessor(OTLPSpanExporter(endpoint=settings.endpoint, timeout=SEND_TIMEOUT_S))


def _version() -> str:
    return version("telecom-gateway")
