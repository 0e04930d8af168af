"""How a provider does, as its calls show."""

from enum import StrEnum


class Circuit(StrEnum):
    """CLOSED: calls pass. OPEN: none does, after failures. HALF_OPEN: the next one probes."""

    CLOSED = "CLOSED"
    OPEN = "OPEN"
    HALF_OPEN = "HALF_OPEN"
