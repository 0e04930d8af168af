"""How the rest of the gateway sees the providers: who there is, what they sell, who may be combined with whom."""

from collections.abc import Sequence
from typing import Protocol

from gateway.contract.provider import Provider
from gateway.domain.catalog.offerings import ProductOffering
from gateway.domain.catalog.providers import ProviderProfile, UnavailableProvider
from gateway.domain.health import Health
from gateway.domain.parties import Agreement
from gateway.federation.index import CatalogIndex


class Directory(Protocol):
    """The providers, each guarded: calls raise nothing but ProviderError.

    One that is not connected is there too, and Unavailable for every call.
    """

    def provider(self, slug: str) -> Provider | None:
        """The provider of that slug."""

    def providers(self) -> Sequence[Provider]:
        """All of them, by slug."""

    def profile(self, slug: str) -> ProviderProfile | None:
        """The public face of the provider of that slug, also while it can't be reached."""

    def is_suspended(self, slug: str) -> bool:
        """Whether the provider takes no new orders; those in flight go on, and what is held stays readable."""

    def health(self, slug: str) -> Health | None:
        """How the provider is, as this process has found it; None for one that is not among them."""

    def agreements(self) -> Sequence[Agreement]:
        """All agreements, in force or not."""


class Offerings(Protocol):
    """The projection of every catalogue: snapshots in memory, never a call to a provider."""

    def all(self) -> Sequence[ProductOffering]:
        """Every sold offering of every snapshot, by provider and ref."""

    def get(self, offering_id: str) -> ProductOffering | None:
        """The offering of that global id, None for one unknown or withdrawn."""

    def index(self) -> CatalogIndex:
        """The combined catalogue, prepared for search; immutable."""

    def unavailable(self) -> Sequence[UnavailableProvider]:
        """The providers whose snapshot is stale or was never read, with `last_known_at`."""
