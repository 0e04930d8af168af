"""What is counted and timed for operators, in a registry of its own; nothing of a person is in a name or a label."""

from collections.abc import Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, disable_created_metrics
from prometheus_client.exposition import generate_latest

OK = "ok"
BUCKETS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)

# When each series began is of no use here, and doubles the counters.
disable_created_metrics()  # type: ignore[no-untyped-call]


class Metrics:
    """Every metric there is. Children are kept by their labels: looking them up is most of what a count costs."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry(auto_describe=False)
        ProcessCollector(registry=self.registry)
        self._operations = self._histogram(
            "gateway_operation_seconds",
            "Time to the answer of an operation; of a subscription, to its first state.",
            ("operation", "kind", "outcome"),
        )
        self._calls = self._histogram(
            "gateway_provider_call_seconds",
            "Time of a call to a provider with all its tries and waits.",
            ("provider", "capability", "outcome"),
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
        self._timed: dict[tuple[str, str, str], Histogram] = {}
        self._called: dict[tuple[str, str, str], Histogram] = {}
        self._sent: dict[str, Counter] = {}

    def operation(self, name: str, kind: str, outcome: str, seconds: float) -> None:
        """An operation was answered."""
        key = (name, kind, outcome)
        child = self._timed.get(key)
        if child is None:
            child = self._timed[key] = self._operations.labels(*key)
        child.observe(seconds)

    def provider_call(self, provider: str, capability: str, outcome: str, seconds: float) -> None:
        """A call to a provider ended."""
        key = (provider, capability, outcome)
        child = self._called.get(key)
        if child is None:
            child = self._called[key] = self._calls.labels(*key)
        child.observe(seconds)

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

    def exposed(self) -> bytes:
        """All of it in Prometheus' text format 0.0.4."""
        return generate_latest(self.registry)

    def _histogram(self, name: str, text: str, labels: tuple[str, ...]) -> Histogram:
        return Histogram(name, text, labels, registry=self.registry, buckets=BUCKETS_S)

    def _counter(self, name: str, text: str, labels: tuple[str, ...]) -> Counter:
        return Counter(name, text, labels, registry=self.registry)

    def _gauge(self, name: str, text: str, labels: tuple[str, ...]) -> Gauge:
        return Gauge(name, text, labels, registry=self.registry)
