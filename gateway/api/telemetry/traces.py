"""Which trace the present code belongs to: the one that a client has begun, else one of its own.

Source: W3C Trace Context, Recommendation of 23 November 2021. Of what may come with it nothing but `traceparent` and
`tracestate` is taken: baggage would carry a client's data on to the providers.
"""

from collections.abc import Mapping
from contextvars import ContextVar
from random import getrandbits

from opentelemetry.context import Context
from opentelemetry.trace import NonRecordingSpan, SpanContext, get_current_span, set_span_in_context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from gateway.api.telemetry.metrics import Metrics

_propagator = TraceContextTextMapPropagator()


class Trace:
    """A request's trace, and where what goes wrong in it is counted.

    `parent` is the client's span, where it sent one. A connection's trace is one that its operations do not share.
    """

    __slots__ = ("id", "is_connection", "metrics", "parent")

    def __init__(self, metrics: Metrics, parent: SpanContext | None = None, *, is_connection: bool = False) -> None:
        self.metrics = metrics
        self.parent = parent
        self.is_connection = is_connection
        self.id = parent.trace_id if parent else getrandbits(128) or 1

    @property
    def hex(self) -> str:
        """The id as it is written: 32 hexadecimal digits."""
        return f"{self.id:032x}"

    def context(self) -> Context:
        """For a span to be its child; empty where no client has begun it."""
        return set_span_in_context(NonRecordingSpan(self.parent), Context()) if self.parent else Context()

    def passing(self) -> Context:
        """For a call to carry on: the client's own span, as if the gateway were not there, else one of this trace."""
        passed = self.parent or SpanContext(self.id, getrandbits(64) or 1, is_remote=False)
        return set_span_in_context(NonRecordingSpan(passed), Context())


current: ContextVar[Trace | None] = ContextVar("gateway_trace", default=None)
"""The trace of the request that this code runs for."""


def current_id() -> str | None:
    """The id of the present trace; None outside of any."""
    trace = current.get()
    if trace is not None:
        return trace.hex
    span = get_current_span().get_span_context()
    return f"{span.trace_id:032x}" if span.is_valid else None


def join(carrier: Mapping[str, object]) -> None:
    """Makes the present connection part of the trace in `carrier`, with all that is run on it from now on."""
    trace, given = current.get(), carrier.get("traceparent")
    parent = parent_of({"traceparent": given}) if isinstance(given, str) else None
    if trace is not None and parent is not None:
        current.set(Trace(trace.metrics, parent, is_connection=True))


def refused(surface: str, code: str) -> None:
    """Counts the refusal of the present request."""
    trace = current.get()
    if trace is not None:
        trace.metrics.refused(surface, code)


def parent_of(carrier: Mapping[str, str]) -> SpanContext | None:
    """The client's span by its `traceparent` and `tracestate`; None where there is none, or nonsense."""
    found = get_current_span(_propagator.extract(carrier, Context())).get_span_context()
    return found if found.is_valid else None
