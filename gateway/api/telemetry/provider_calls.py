"""Calls to providers as operators see them: times by outcome, breakers, spans; the trace goes on to the provider."""

import asyncio
from time import perf_counter
from types import TracebackType

from opentelemetry import context as contexts
from opentelemetry.context import Context
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, Tracer, set_span_in_context

from gateway.api.telemetry.metrics import OK, Metrics
from gateway.api.telemetry.operations import ABANDONED, FAULT
from gateway.api.telemetry.traces import current
from gateway.domain.errors import ProviderError

SPARED = "SPARED"


class WatchedCalls:
    """Implements ports.ProviderCalls."""

    def __init__(self, metrics: Metrics, tracer: Tracer | None) -> None:
        self._metrics = metrics
        self._tracer = tracer

    def call(self, provider: str, capability: str, *, is_change: bool) -> "WatchedCall":
        """See ports.ProviderCalls."""
        span = None
        if self._tracer is not None:
            attributes: dict[str, str | bool] = {
                "gateway.provider": provider,
                "gateway.capability": capability,
                "gateway.is_change": is_change,
            }
            span = self._tracer.start_span(f"{capability} {provider}", kind=SpanKind.CLIENT, attributes=attributes)
        return WatchedCall(self._metrics, provider, capability, span)

    def breaker(self, provider: str, capability: str, *, is_open: bool) -> None:
        """See ports.ProviderCalls."""
        self._metrics.breaker(provider, capability, is_open=is_open)


class WatchedCall:
    """Implements ports.ProviderCall."""

    __slots__ = (
        "_begun",
        "_capability",
        "_inner",
        "_is_spared",
        "_metrics",
        "_outer",
        "_provider",
        "_span",
        "_was_sent",
    )

    def __init__(self, metrics: Metrics, provider: str, capability: str, span: Span | None) -> None:
        self._metrics = metrics
        self._provider = provider
        self._capability = capability
        self._span = span
        self._is_spared = False
        self._was_sent = False
        self._inner: Context | None = None
        self._outer: Context | None = None
        self._begun = perf_counter()

    def retried(self, outcome: str) -> None:
        """See ports.ProviderCall."""
        self._was_sent = True
        self._metrics.retried(self._provider, self._capability)
        if self._span is not None:
            self._span.add_event("retry", {"gateway.outcome": outcome})

    def spared(self) -> None:
        """See ports.ProviderCall."""
        self._is_spared = not self._was_sent

    def __enter__(self) -> "WatchedCall":
        trace = current.get()
        outer = contexts.get_current()
        if self._span is not None:
            self._inner = set_span_in_context(self._span, outer)
        elif trace is not None:
            self._inner = trace.passing()
        if self._inner is not None:
            self._outer = outer
            contexts.attach(self._inner)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        outcome = SPARED if self._is_spared else _outcome(error)
        self._metrics.provider_call(self._provider, self._capability, outcome, perf_counter() - self._begun)
        if self._span is not None:
            self._span.set_attribute("gateway.outcome", outcome)
            if error is not None and outcome != ABANDONED:
                self._span.set_status(Status(StatusCode.ERROR, outcome))
            self._span.end()
        if self._outer is not None and contexts.get_current() is self._inner:
            contexts.attach(self._outer)


def _outcome(error: BaseException | None) -> str:
    if error is None:
        return OK
    if isinstance(error, ProviderError):
        return error.code
    return ABANDONED if isinstance(error, asyncio.CancelledError) else FAULT
