"""What a provider tells by itself: hints to look, never the truth."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol


class SignalKind(StrEnum):
    """What may have changed."""

    ORDER = "ORDER"
    CANCELLATION = "CANCELLATION"
    PRODUCT = "PRODUCT"
    CATALOG = "CATALOG"
    BILL = "BILL"


@dataclass(frozen=True, slots=True)
class Signal:
    """Something changed at the provider: the kind, and the reference (and key) of what, where it says so."""

    kind: SignalKind
    ref: str | None = None
    key: str | None = None


@dataclass(frozen=True, slots=True)
class PolledSignals:
    """What changed since a mark. `mark` is the provider's own text, handed back at the next question."""

    signals: tuple[Signal, ...]
    mark: str | None = None


class PolledEvents(Protocol):
    """Asks a provider that posts nothing, but keeps a list of what changed."""

    async def since(self, mark: str | None) -> PolledSignals:
        """What changed after that mark; with None, the mark to begin from and no signals (what is known is current).

        The same signal may come again; one that is missed costs a delay, nothing more. Raises: Unavailable,
        ContractBroken.
        """


class Events(Protocol):
    """Registers for a provider's events, and reads what it posts."""

    async def subscribe(self, callback_url: str) -> None:
        """Registers the address; again with the same address is harmless. Raises: Unavailable, Rejected."""

    async def unsubscribe(self) -> None:
        """Takes back every registration of this process; never raises for one that is gone."""

    def read(self, body: Mapping[str, Any]) -> Sequence[Signal]:
        """The signals in a posted event; none for a kind we do not know. Raises: ContractBroken."""
