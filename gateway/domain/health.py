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
class Health:
    """How a provider is, as this process has found it: its last call's end and length, its worst breaker."""

    state: HealthState = HealthState.UNKNOWN
    checked_at: datetime | None = None
    latency_ms: int | None = None
    circuit: Circuit = Circuit.CLOSED
