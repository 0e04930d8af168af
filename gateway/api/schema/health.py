"""How providers do, as the gateway's own calls have found it."""

from datetime import datetime

import strawberry

from gateway.api.context import Info
from gateway.api.schema.declaring import doc, enum_type, field, object_type
from gateway.api.texts import tell
from gateway.domain import health, health_events

enum_type(
    health.HealthState,
    "How a provider is. Clients must expect new values.",
    UP="It answers.",
    DEGRADED="It does not always answer, or not for all that it can do.",
    DOWN="It does not answer.",
    UNKNOWN="Nobody has asked it yet.",
)
enum_type(
    health.Circuit,
    "Whether calls to a provider pass.",
    name="CircuitState",
    CLOSED="They pass.",
    OPEN="It is spared them for a while, after several failures in a row.",
    HALF_OPEN="One is to show whether it answers again.",
)


@object_type(health.GuardLimits)
class ProviderLimits:
    """What bounds the calls to a capability of a provider."""

    connect_timeout_ms: int = doc("How long connecting may take, in milliseconds.")
    read_timeout_ms: int = doc("How long a read with all its tries may take, in milliseconds.")
    change_timeout_ms: int = doc("How long a change may take, in milliseconds; after that its outcome is unknown.")
    concurrency: int = doc("How many calls may be under way at once.")
    read_tries: int = doc("How often a read is tried; a change is sent once.")
    rate_per_second: float = doc("How many calls may begin in a second.")
    breaker_failures: int = doc("After how many failures in a row the circuit opens.")
    breaker_open_ms: int = doc("How long it stays open, in milliseconds, before one call probes.")


@object_type(health.CapabilityHealth)
class CapabilityHealth:
    """How one capability of a provider is."""

    capability: str = doc("The capability. Clients must expect new values.")
    state: health.HealthState = doc("UP or DOWN by its last call.")
    circuit: health.Circuit = doc("Its circuit breaker.")
    calls: int = doc("How many calls are under way at this moment.")
    checked_at: datetime | None = doc("When its last call ended; null before the first.")
    latency_ms: int | None = doc("How long its last answer took, in milliseconds; null before the first.")
    limits: health.GuardLimits = doc("What bounds its calls.")


@object_type(health.Health)
class ProviderHealth:
    """How a provider is, as the gateway's own calls have found it: it is asked nothing for it."""

    state: health.HealthState = doc("In one word.")
    checked_at: datetime | None = doc("When its last call ended; null before the first.")
    latency_ms: int | None = doc("How long its last answer took, in milliseconds; null before the first.")
    circuit: health.Circuit = doc("The worst of its capabilities' circuit breakers.")
    capabilities: list[health.CapabilityHealth] = doc("Each of its capabilities, at most 20.", size=7)


@object_type(health_events.HealthEvent)
class ProviderHealthEvent:
    """A change of a provider's state, or of a circuit, as a process of the gateway found it."""

    id: strawberry.ID = doc("The event's id.")
    cursor: str = doc("Where to go on after it.")
    sequence: int = doc("Counts the provider's events from 1, without a gap.")
    gateway: str = doc("The process of the gateway that found it: each has circuits of its own.")
    occurred_at: datetime = doc("When it was found.")
    state: health.HealthState = doc("How the provider was from then on.")
    capability: str = doc("The capability whose call showed it; `connection` where the adapter could not connect.")
    circuit: health.Circuit = doc("The circuit of that capability from then on.")

    @field
    def message(self: health_events.HealthEvent, info: Info) -> str:
        """What changed, as a sentence in the caller's language."""
        return tell(info.context.locale, "health", self.state, {"capability": self.capability})
