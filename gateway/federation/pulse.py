"""How a provider is, by what its calls have shown: never a call of its own."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from gateway.contract.provider import Limits
from gateway.domain.health import CapabilityHealth, Circuit, GuardLimits, Health, HealthChange, HealthState
from gateway.federation.breaker import Breaker
from gateway.ports import Clock

_WORST_FIRST = (Circuit.OPEN, Circuit.HALF_OPEN, Circuit.CLOSED)


def unheard(_: HealthChange) -> None:
    """Nobody is told."""


@dataclass(slots=True)
class _Beat:
    """What is known of one capability."""

    breaker: Breaker
    limits: GuardLimits
    calls: int = 0
    is_answered: bool | None = None
    checked_at: datetime | None = None
    latency_ms: int | None = None

    @property
    def state(self) -> HealthState:
        if self.is_answered is None:
            return HealthState.UNKNOWN
        return HealthState.UP if self.is_answered else HealthState.DOWN


class Pulse:
    """What the guards of one provider's capabilities tell. `tell` hears of each change of state or circuit."""

    def __init__(self, clock: Clock, provider: str = "", tell: Callable[[HealthChange], None] = unheard) -> None:
        self._clock = clock
        self._provider = provider
        self._tell = tell
        self._beats: dict[str, _Beat] = {}
        self._told: tuple[HealthState, dict[str, Circuit]] = (HealthState.UNKNOWN, {})
        self._last: _Beat | None = None

    def watch(self, capability: str, breaker: Breaker, limits: Limits) -> None:
        """Counts that capability in."""
        self._beats[capability] = _Beat(breaker, _shown(limits))

    def began(self, capability: str) -> None:
        """A call is on its way; where the circuit was open, it is to show whether the provider answers again."""
        self._beats[capability].calls += 1
        self._hear(capability)

    def called(self, capability: str, took_s: float, *, is_answered: bool | None) -> None:
        """A call has ended; a refusal is an answer, too, and None says that it told nothing."""
        beat = self._beats[capability]
        beat.calls -= 1
        if is_answered is None:
            return
        beat.is_answered, beat.checked_at, self._last = is_answered, self._clock.now(), beat
        if is_answered:
            beat.latency_ms = round(took_s * 1000)
        self._hear(capability)

    def health(self) -> Health:
        """UP while the last call of each capability was answered, DOWN while none was."""
        capabilities = tuple(_health_of(name, beat) for name, beat in self._beats.items())
        circuits = {each.circuit for each in capabilities}
        worst = next((each for each in _WORST_FIRST if each in circuits), Circuit.CLOSED)
        last = self._last
        return Health(
            self._state(), last.checked_at if last else None, last.latency_ms if last else None, worst, capabilities
        )

    def _hear(self, capability: str) -> None:
        state, circuit = self._state(), self._beats[capability].breaker.circuit
        told, circuits = self._told
        if (state, circuit) != (told, circuits.get(capability, Circuit.CLOSED)):
            self._told = (state, {**circuits, capability: circuit})
            self._tell(HealthChange(self._provider, capability, state, circuit, self._clock.now()))

    def _state(self) -> HealthState:
        answers = [each.is_answered for each in self._beats.values() if each.is_answered is not None]
        if not answers:
            return HealthState.UNKNOWN
        if all(answers):
            return HealthState.UP
        return HealthState.DEGRADED if any(answers) else HealthState.DOWN


def _health_of(capability: str, beat: _Beat) -> CapabilityHealth:
    known = CapabilityHealth(capability, beat.state, beat.breaker.circuit, beat.limits)
    return replace(known, calls=beat.calls, checked_at=beat.checked_at, latency_ms=beat.latency_ms)


def _shown(limits: Limits) -> GuardLimits:
    return GuardLimits(
        connect_timeout_ms=round(limits.connect_timeout_s * 1000),
        read_timeout_ms=round(limits.read_timeout_s * 1000),
        change_timeout_ms=round(limits.change_timeout_s * 1000),
        concurrency=limits.concurrency,
        read_tries=limits.read_tries,
        rate_per_second=limits.rate_per_s,
        breaker_failures=limits.breaker_failures,
        breaker_open_ms=round(limits.breaker_open_s * 1000),
    )
