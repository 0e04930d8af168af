"""What is counted and timed for operators, in a registry of its own; nothing of a person is in a name or a label."""

from collections.abc import Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, ProcessCollector, disable_created_metrics
from prometheus_client.exposition import generate_latest

from gateway.api.telemetry.timings import Timings

OK = "ok"

# When each series began is of no use here, and doubles the counters.
disable_created_metrics()  # type: ignore[no-untyped-call]


class Metrics:
    """Every metric there is."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry(auto_describe=False)
        ProcessCollector(registry=self.registry)
        self._operations = Timings(
            "gateway_operation_seconds",
            "Time to the answer of an operation; of a subscription, until it stands.",
            ("operation", "kind", "outcome"),
            self.registry,
        )
        self._calls = Timings(
            "gateway_provider_call_seconds",
            "Time of a call to a provider with all its tries and waits.",
            ("provider", "capability", "outcome"),
            self.registry,
        )
        self._retries = self._counter(
            "gateway_provider_retries", "Tries of a call after the first.", ("provider", "capability")
        )
        self._breakers = self._gauge(
            "gateway_provider_breaker_open", "1 while a provider is spared calls.", ("provider", "capability")
        )
        self._subscribers = self._gauge(
            "gateway_subscribers", "Subscriptions that are followed now.", ("transport", "field")
        )
        self._deliveries = self._counter("gateway_deliveries", "Events that were sent to subscribers.", ("field",))
        self._refusals = self._counter("gateway_refusals", "Requests that were refused.", ("surface", "code"))
        self._faults = self._counter("gateway_faults", "Faults that were masked and logged.", ())
        self._orders = self._gauge("gateway_orders_open", "Orders that are in no final state.", ("state",))
        self._audit_head = self._gauge("gateway_audit_head", "The number of the newest security event.", ())
        self._sent: dict[str, Counter] = {}

    def operation(self, name: str, kind: str, outcome: str, seconds: float) -> None:
        """An operation was answered."""
        self._operations.add(name, kind, outcome, seconds)

    def provider_call(self, provider: str, capability: str, outcome: str, seconds: float) -> None:
        """A call to a provider ended."""
        self._calls.add(provider, capability, outcome, seconds)

    def retried(self, provider: str, capability: str) -> None:
        """A call is tried again."""
        self._retries.labels(provider, capability).inc()

    def breaker(self, provider: str, capability: str, *, is_open: bool) -> None:
        """A provider is spared calls from now on, or no more."""
        self._breakers.labels(provider, capability).set(is_open)

    def subscribers(self, transport: str, field: str) -> Gauge:
        """How many follow now: to be raised and lowered."""
        return self._subscribers.labels(transport, field)

    def delivered(self, field: str, number: int = 1) -> None:
        """Events went out."""
        child = self._sent.get(field)
        if child is None:
            child = self._sent[field] = self._deliveries.labels(field)
        child.inc(number)

    def refused(self, surface: str, code: str) -> None:
        """A request was refused: `surface` is `graphql` or `accounts`."""
        self._refusals.labels(surface, code).inc()

    def fault(self) -> None:
        """A fault was masked."""
        self._faults.inc()

    def open_orders(self, counts: Mapping[str, int]) -> None:
        """How many orders are in each of these states."""
        for state, number in counts.items():
            self._orders.labels(state).set(number)

    def audit_head(self, sequence: int) -> None:
        """That is the newest security event."""
        self._audit_head.set(sequence)

    def exposed(self) -> bytes:
        """All of it in Prometheus' text format 0.0.4."""
        return generate_latest(self.registry)

    def _counter(self, name: str, text: str, labels: tuple[str, ...]) -> Counter:
        return Counter(name, text, labels, registry=self.registry)

    def _gauge(self, name: str, text: str, labels: tuple[str, ...]) -> Gauge:
        return Gauge(name, text, labels, registry=self.registry)
