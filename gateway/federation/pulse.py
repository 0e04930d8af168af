"""How a provider is, by what its calls have shown: never a call of its own."""

from datetime import datetime

from gateway.domain.health import Circuit, Health, HealthState
from gateway.federation.breaker import Breaker
from gateway.ports import Clock

_WORST_FIRST = (Circuit.OPEN, Circuit.HALF_OPEN, Circuit.CLOSED)


class Pulse:
    """What the guards of one provider's capabilities tell."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._breakers: dict[str, Breaker] = {}
        self._answers: dict[str, bool] = {}
        self._checked_at: datetime | None = None
        self._latency_ms: int | None = None

    def watch(self, capability: str, breaker: Breaker) -> None:
        """Counts that capability's breaker in."""
        self._breakers[capability] = breaker

    def called(self, capability: str, took_s: float, *, is_answered: bool) -> None:
        """A call has ended; a refusal is an answer, too."""
        self._answers[capability] = is_answered
        self._checked_at = self._clock.now()
        if is_answered:
            self._latency_ms = round(took_s * 1000)

    def health(self) -> Health:
        """UP while the last call of each capability was answered, DOWN while none was."""
        circuits = {each.circuit for each in self._breakers.values()}
        worst = next((each for each in _WORST_FIRST if each in circuits), Circuit.CLOSED)
        return Health(self._state(), self._checked_at, self._latency_ms, worst)

    def _state(self) -> HealthState:
        if not self._answers:
            return HealthState.UNKNOWN
        if all(self._answers.values()):
            return HealthState.UP
        return HealthState.DEGRADED if any(self._answers.values()) else HealthState.DOWN
