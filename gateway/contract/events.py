"""What a provider tells by itself: hints to look, never the truth."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
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
    """Something changed at the provider: the kind, and the reference (and key) of what, where it says so.

    `goes_on`: an order that only went one state on, which is no end of it. Nobody looks for that alone: its next look
    comes the later, since its provider does post.
    """

    kind: SignalKind
    ref: str | None = None
    key: str | None = None
    goes_on: bool = False


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


@dataclass(frozen=True, slots=True)
class Post:
    """What was posted, before anything in it is believed: the address that the provider was given (it holds the
    secret), the headers with names in lower case, and the body.
    """

    url: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Proven:
    """A post that comes from the provider. `once` is of this post alone: until `until`, it counts no second time."""

    once: str
    until: datetime


class EventProof(Protocol):
    """How a provider proves what it posts, beside knowing the secret in the address."""

    def check(self, post: Post) -> Proven | None:
        """None where it is not proven. Sends nothing, and raises nothing."""
