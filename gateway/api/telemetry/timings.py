"""Histograms that cost little to add to: one bisection and no lock, as one event loop alone adds to them."""

from bisect import bisect_left
from collections.abc import Iterator, Sequence

from prometheus_client.core import HistogramMetricFamily
from prometheus_client.registry import Collector, CollectorRegistry

BUCKETS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_BOUNDS = (*map(str, BUCKETS_S), "+Inf")


class _Timing:
    __slots__ = ("counts", "total")

    def __init__(self) -> None:
        self.counts = [0] * len(_BOUNDS)
        self.total = 0.0

    def buckets(self) -> list[tuple[str, float]]:
        """As Prometheus has them: each bound with all that is not above it."""
        found, below = [], 0
        for bound, count in zip(_BOUNDS, self.counts, strict=True):
            below += count
            found.append((bound, float(below)))
        return found


class Timings(Collector):
    """One histogram of seconds, with three labels."""

    def __init__(self, name: str, text: str, labels: Sequence[str], registry: CollectorRegistry) -> None:
        self._name = name
        self._text = text
        self._labels = labels
        self._kept: dict[tuple[str, str, str], _Timing] = {}
        registry.register(self)

    def add(self, first: str, second: str, third: str, seconds: float) -> None:
        """One more, with these values of the labels."""
        key = (first, second, third)
        timing = self._kept.get(key)
        if timing is None:
            timing = self._kept[key] = _Timing()
        timing.counts[bisect_left(BUCKETS_S, seconds)] += 1
        timing.total += seconds

    def collect(self) -> Iterator[HistogramMetricFamily]:
        """For the registry."""
        family = HistogramMetricFamily(self._name, self._text, labels=self._labels)
        for labels, timing in list(self._kept.items()):
            family.add_metric(labels, timing.buckets(), timing.total)
        yield family
