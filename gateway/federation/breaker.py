"""A circuit breaker: after several failures in a row, spares a provider (and us) the calls for a while."""

from datetime import timedelta

from gateway.domain.health import Circuit
from gateway.ports import Clock

# What one answer may ask for: it may have been about one customer's calls alone.
LONGEST_REST_S = 60.0


class Breaker:
    """Closed: calls pass. Open: none does. Half-open, after `open_for`: one call probes, and closes or opens it again.

    A provider that names a time to wait is left alone until then (a minute at most), whatever its circuit.

    By the steady clock: one that is set back must not keep a circuit open for as long.
    Own code, as the libraries for it read the system's time instead of an injected clock.
    """

    def __init__(self, clock: Clock, failures: int = 5, open_for: timedelta = timedelta(seconds=10)) -> None:
        self._clock = clock
        self._limit = failures
        self._open_for_s = open_for.total_seconds()
        self._failures = 0
        self._opened_s: float | None = None
        self._probing = False
        self._resting_until_s: float | None = None

    @property
    def circuit(self) -> Circuit:
        """How it stands."""
        if self._opened_s is None:
            return Circuit.CLOSED
        return Circuit.OPEN if self._left(self._opened_s + self._open_for_s) > 0 else Circuit.HALF_OPEN

    @property
    def is_open(self) -> bool:
        """Whether calls are spared, or one is to probe."""
        return self._opened_s is not None

    def wait_s(self) -> float | None:
        """None where a call may pass; else the seconds until it is worth trying again."""
        left = self._left(self._resting_until_s)
        if self._opened_s is not None:
            left = max(left, self._left(self._opened_s + self._open_for_s))
        if left > 0:
            return left
        return 1.0 if self._probing else None

    def asked_to_wait(self, seconds: float) -> None:
        """The provider named a time before which it wants no call."""
        self._resting_until_s = self._clock.steady_s() + min(seconds, LONGEST_REST_S)

    def started(self) -> None:
        """A call was let through."""
        self._probing = self._opened_s is not None

    def succeeded(self) -> None:
        """The provider answered: closed."""
        self._failures, self._opened_s, self._probing = 0, None, False

    def failed(self) -> None:
        """The provider did not answer: opened at the limit, and again by a failed probe."""
        self._failures += 1
        if self._probing or self._failures >= self._limit:
            self._opened_s = self._clock.steady_s()
        self._probing = False

    def _left(self, until_s: float | None) -> float:
        return 0.0 if until_s is None else max(until_s - self._clock.steady_s(), 0.0)

    def abandoned(self) -> None:
        """The call ended without telling anything (its caller went away): another may probe."""
        self._probing = False
