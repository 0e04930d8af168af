"""How a provider does, as its calls show."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Circuit(StrEnum):
    """CLOSED: calls pass. OPEN: none does, after failures. HALF_OPEN: the next one probes."""

    CLOSED = "CLOSED"
    OPEN = "OPEN"
    HALF_OPEN = "HALF_OPEN"


class HealthState(StrEnum):
    """UP: it answers. DEGRADED: not always, or not all of it. DOWN: not at all. UNKNOWN: nobody has asked yet."""

    UP = "UP"
    DEGRADED = "DEGRADED"
    DOWN = "DOWN"
    UNKNOWN = "UNKNOWN"


@dataclass(frozen=True, slots=True)
class GuardLimits:
    """What bounds the calls to a capability: times in milliseconds, calls at once, tries of a read, calls a second."""

    connect_timeout_ms: int
    read_timeout_ms: int
    change_timeout_ms: int
    concurrency: int
    read_tries: int
    rate_per_second: float
    breaker_failures: int
    breaker_open_ms: int


@dataclass(frozen=True, slots=True)
class CapabilityHealth:
    """One capability's: its last call's end and length, its breaker, the calls under way, and its limits."""

    capability: str
    state: HealthState
    circuit: Circuit
    limits: GuardLimits
    calls: int = 0
    checked_at: datetime | None = None
    latency_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Health:
    """How a provider is, as this process has found it: its last call's end and length, its worst breaker."""

    state: HealthState = HealthState.UNKNOWN
    checked_at: datetime | None = None
    latency_ms: int | None = None
    circuit: Circuit = Circuit.CLOSED
    capabilities: tuple[CapabilityHealth, ...] = ()


@dataclass(frozen=True, slots=True)
class HealthChange:
    """A provider's state has changed, or the circuit of a capability: what it is from that moment on."""

    provider: str
    capability: str
    state: HealthState
    circuit: Circuit
    occurred_at: datetime
