"""What is kept of the providers that are registered while the gateway runs."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from gateway.domain.registration_events import RegistrationEvent
from gateway.domain.registrations import CheckOutcome, ProviderRegistration, RegistrationStatus

PROVIDERS_TOPIC = "providers"


class SealBroken(Exception):
    """What is kept can't be read with the keys of this process."""


class Sealing(Protocol):
    """Encrypts what must not be readable at rest."""

    def seal(self, text: str) -> str:
        """With the newest key; printable."""

    def unseal(self, sealed: str) -> str:
        """By whichever key sealed it. Raises: SealBroken."""

    def resealed(self, sealed: str) -> str | None:
        """The same by the newest key; None where it is by that one already. Raises: SealBroken."""


@dataclass(frozen=True, slots=True)
class SealedConnections:
    """A registration's connections, each sealed: the one that serves, and the one that is to be checked."""

    serving: str | None = field(default=None, repr=False)
    pending: str | None = field(default=None, repr=False)

    @property
    def checked(self) -> str | None:
        """The one that a run of checks is about."""
        return self.pending or self.serving

    def renewed(self, sealing: Sealing) -> "SealedConnections | None":
        """The same by the newest key; None where nothing is to be done, or no key opens them."""
        try:
            serving = sealing.resealed(self.serving) if self.serving else None
            pending = sealing.resealed(self.pending) if self.pending else None
        except SealBroken:
            return None
        changed = SealedConnections(serving or self.serving, pending or self.pending)
        return changed if changed != self else None


@dataclass(frozen=True, slots=True)
class StandingProvider:
    """What the placing of an order must know: the provider's status of this moment; None where it was removed."""

    slug: str
    status: RegistrationStatus | None


class Registrations(Protocol):
    """Registrations with their connections and events. A removed one is found by nothing but its events.

    Each change raises the number that `number` answers, and wakes `providers` and `registration:<id>`.
    """

    async def add(self, registration: ProviderRegistration, connections: SealedConnections) -> bool:
        """Keeps a new one; False when the slug is taken: in use, or once another owner's whose offerings were sold."""

    async def get(self, registration_id: str, *, lock: bool = False) -> ProviderRegistration | None:
        """The one of that global id; `lock` holds it until the transaction ends."""

    async def by_slug(self, slug: str) -> ProviderRegistration | None:
        """The one of that slug."""

    async def save(self, registration: ProviderRegistration, connections: SealedConnections | None = None) -> None:
        """Replaces one that this transaction holds locked; its connections where they are given."""

    async def remove(self, registration: ProviderRegistration, at: datetime) -> None:
        """Ends one that this transaction holds locked, and forgets its connections; its events stay."""

    async def page(self, owner: str | None, first: int, after: str | None) -> Sequence[ProviderRegistration]:
        """Up to `first` of that owner's (None: of all) behind that global id, oldest first."""

    async def slugs_of(self, owner: str) -> Sequence[str]:
        """The slugs of that owner's, in order."""

    async def count(self, owner: str | None) -> int:
        """How many that owner has; None: the operator."""

    async def connections(self, registration_id: str) -> SealedConnections:
        """Its connections; none for an unknown one."""

    async def all_connections(self) -> Mapping[str, SealedConnections]:
        """Those of every registration, by global id."""

    async def serving(self) -> Sequence[tuple[ProviderRegistration, str]]:
        """Those that are the gateway's providers, each with its sealed connection, by slug."""

    async def revisions(self) -> Mapping[str, int]:
        """The revision of every registration, by global id."""

    async def number(self) -> int:
        """Counts the changes to any of them: a cheap look whether there was one."""

    async def standing(self, slugs: Collection[str]) -> Sequence[StandingProvider]:
        """Those of these slugs that were ever registered, held as they are until the transaction ends."""

    async def is_in_use(self, slug: str) -> tuple[bool, bool]:
        """Whether any open order has an item there, and whether anybody holds a product that was ordered there."""

    async def claim(self, registration_id: str, by: str, at: datetime, until: datetime) -> bool:
        """Takes or prolongs the right to run its checks; False while another has it, or where nothing is to check."""

    async def release(self, registration_id: str, by: str) -> None:
        """Gives that right back."""

    async def unclaimed(self, at: datetime, by: str) -> Mapping[str, str | None]:
        """Those that are CHECKING while nobody else runs their checks, oldest first: the owner by global id."""

    async def append(
        self, registration: ProviderRegistration, kind: str, at: datetime, check: CheckOutcome | None = None
    ) -> ProviderRegistration:
        """Appends an event of that kind with its present status; returns it with `last_sequence` raised (not saved).

        Takes the next number of the registration: no gap, also after a rollback.
        """

    async def events(self, registration_id: str, after: int, limit: int) -> Sequence[RegistrationEvent]:
        """Up to `limit` events with a greater sequence, in order; of a removed one, too."""
