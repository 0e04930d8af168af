"""What can be set of the operators: where they keep their state, and how fast their world turns."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Settings:
    """One set for all operators of a process. Times are in seconds."""

    data: Path
    host: str = "127.0.0.1"
    delivery_min_s: float = 2.0
    delivery_max_s: float = 6.0
    point_of_no_return: float = 0.8
    """The share of a delivery after which a cancellation is refused."""
    cancel_s: float = 0.0
    """How long a cancellation takes: 0 answers it `done` at once, more answers `inProgress` first."""
    month_s: float = 180.0
    """How long a demo month is; recurring charges are billed when it closes."""
    page_maximum: int = 20
    """The most rows in one answer, and the default."""
    faults_enabled: bool = False
    """Whether the control API for tests is served."""
    network_password: str | None = None
    """Of who asks a network that speaks ON-API; None makes one, which is kept in the folder."""
    hub_attempts: int = 8
    hub_backoff_s: float = 0.2
    hub_timeout_s: float = 5.0
