"""What the API and the federation tell operators by: metrics always, spans where an exporter is set."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from time import perf_counter

from opentelemetry.trace import Tracer

from gateway.api.telemetry.metrics import Metrics
from gateway.api.telemetry.names import OperationNames
from gateway.api.telemetry.operations import Operation
from gateway.api.telemetry.provider_calls import WatchedCalls
from gateway.api.telemetry.traces import Trace, current, parent_of


class Telemetry:
    """One gateway's. Without a `tracer` a trace is passed on and no span is kept."""

    def __init__(self, tracer: Tracer | None = None) -> None:
        self.metrics = Metrics()
        self.names = OperationNames()
        self.provider_calls = WatchedCalls(self.metrics, tracer)
        self._tracer = tracer

    def operation(
        self,
        kind: str,
        name: str | None,
        document_hash: str = "",
        carrier: Mapping[str, str] | None = None,
        *,
        is_signed_in: bool = True,
    ) -> Operation:
        """An operation that begins now and is to be entered: of a valid document, for its name is kept.

        It belongs to the trace in `carrier` (a message's `traceparent`), else the request's, else one of its own.
        """
        operation = Operation(kind, self.names.label(name, is_signed_in=is_signed_in), self._trace(carrier))
        if self._tracer is not None:
            operation.record(self._tracer, document_hash)
        return operation

    def only_times(self) -> bool:
        """Whether a time is all that is kept of an operation now: it has its request's trace, and no span."""
        trace = current.get()
        return self._tracer is None and trace is not None and not trace.is_connection

    def timed(self, kind: str, name: str | None, outcome: str, begun: float, *, is_signed_in: bool = True) -> None:
        """An operation ended that began then, by `perf_counter`: what `operation` does where that is all."""
        label = self.names.label(name, is_signed_in=is_signed_in)
        self.metrics.operation(label, kind, outcome, perf_counter() - begun)

    def following(self, transport: str, field: str) -> AbstractContextManager[None]:
        """From entry to exit, one more follows that field over that transport."""
        return self.metrics.subscribers(transport, field).track_inprogress()

    def delivered(self, field: str, number: int = 1) -> None:
        """That many events of a subscription's field were sent."""
        self.metrics.delivered(field, number)

    def refused(self, code: str) -> None:
        """A GraphQL request was refused with that code before anything was run."""
        self.metrics.refused("graphql", code)

    def _trace(self, carrier: Mapping[str, str] | None) -> Trace:
        parent = parent_of(carrier) if carrier else None
        present = current.get()
        if parent is not None or present is None:
            return Trace(self.metrics, parent)
        if not present.is_connection:
            return present
        return Trace(self.metrics, present.parent)
