"""What changed about a provider's health: each event carries the state of its moment and never changes."""

from dataclasses import dataclass

from gateway.domain.health import HealthChange
from gateway.domain.log_cursors import LogCursors

HEALTH_CURSORS = LogCursors("h")
"""Of the events of a provider's health; the log is its slug."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthEvent(HealthChange):
    """A change in its place. `sequence` counts a provider's from 1 without a gap; `gateway` is who found it."""

    id: str
    sequence: int
    cursor: str
    gateway: str
