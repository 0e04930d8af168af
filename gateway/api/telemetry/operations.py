"""One operation as operators see it: a time by name, kind and outcome, and a span where traces are kept."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter
from types import TracebackType

from opentelemetry import context as contexts
from opentelemetry.context import Context
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, Tracer, set_span_in_context

from gateway.api.telemetry.metrics import OK
from gateway.api.telemetry.traces import Trace, current

ABANDONED = "ABANDONED"
FAULT = "INTERNAL"
_ABANDONING = (asyncio.CancelledError, GeneratorExit)
# The gateway's own failures; the rest is for whoever asked to mend.
_FAILURES = frozenset({FAULT, "TIMEOUT", "PROVIDER_UNAVAILABLE"})


class Operation:
    """Entered and left in each task that works for it, ended once; what it is told of a second end is nothing new."""

    __slots__ = ("_begun", "_inner", "_is_counted", "_outer", "_outer_trace", "_span", "kind", "name", "trace")

    def __init__(self, kind: str, name: str, trace: Trace) -> None:
        self.kind = kind
        self.name = name
        self.trace = trace
        self._span: Span | None = None
        self._is_counted = False
        self._inner: Context | None = None
        self._outer: Context | None = None
        self._outer_trace: Trace | None = None
        self._begun = perf_counter()

    def record(self, tracer: Tracer, document_hash: str) -> None:
        """Keeps a span of it: neither the document's text nor its variables."""
        attributes = {
            "graphql.operation.type": self.kind,
            "graphql.operation.name": self.name,
            "graphql.document.hash": document_hash,
        }
        name = f"{self.kind} {self.name}"
        # A span that begins a trace has the id of the present one.
        outer = current.set(self.trace)
        self._span = tracer.start_span(name, self.trace.context(), kind=SpanKind.SERVER, attributes=attributes)
        current.reset(outer)

    @property
    def is_recorded(self) -> bool:
        """Whether a span of it is kept."""
        return self._span is not None and self._span.is_recording()

    def called_by(self, kind: str) -> None:
        """What kind of caller it has, such as `customer`; never who."""
        if self._span is not None:
            self._span.set_attribute("gateway.caller", kind)

    def enter(self) -> None:
        """What is logged, and what providers are asked, belongs to it from now on."""
        self._outer_trace = current.get()
        current.set(self.trace)
        if self._span is not None:
            self._outer = contexts.get_current()
            self._inner = set_span_in_context(self._span, self._outer)
            contexts.attach(self._inner)

    def leave(self) -> None:
        """As it was before; nothing in another task than the one that has entered."""
        if current.get() is self.trace:
            current.set(self._outer_trace)
        if self._outer is not None and contexts.get_current() is self._inner:
            contexts.attach(self._outer)

    @contextmanager
    def entered(self) -> Iterator[None]:
        """Entered, and left at the exit; it goes on after that unless it was ended, or by an error now."""
        self.enter()
        try:
            yield
        except BaseException as error:
            self.__exit__(type(error), error, None)
            raise
        self.leave()

    def settled(self, outcome: str = OK) -> None:
        """The answer is there; of a subscription, its stream stands or was refused: what follows takes its time."""
        if not self._is_counted:
            self._is_counted = True
            self.trace.metrics.operation(self.name, self.kind, outcome, perf_counter() - self._begun)

    def end(self, outcome: str = OK) -> None:
        """It is over, with `ok` or the code of its first error."""
        self.settled(outcome)
        span, self._span = self._span, None
        if span is not None:
            span.set_attribute("gateway.outcome", outcome)
            if outcome in _FAILURES:
                span.set_status(Status(StatusCode.ERROR, outcome))
            span.end()

    def __enter__(self) -> "Operation":
        self.enter()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        outcome = OK if kind is None else outcome_of(kind)
        self.end(outcome)
        # Whoever masks a fault logs it as this operation's.
        if outcome != FAULT:
            self.leave()


def outcome_of(kind: type[BaseException]) -> str:
    """Of an operation that ended by an exception of that kind."""
    return ABANDONED if issubclass(kind, _ABANDONING) else FAULT
