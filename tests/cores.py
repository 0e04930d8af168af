"""A core without providers, for what needs none."""

from collections.abc import Sequence

from gateway.contract.provider import Provider
from gateway.domain.catalog.offerings import ProductOffering
from gateway.domain.catalog.providers import ProviderProfile, UnavailableProvider
from gateway.domain.health import Health
from gateway.domain.parties import Agreement
from gateway.federation.index import CatalogIndex
from gateway.ports import Clock, Storage, WakeUps
from gateway.usecases.core import Core


class NoProviders:
    """A directory, and a projection, of nobody."""

    def provider(self, slug: str) -> Provider | None:
        return None

    def providers(self) -> Sequence[Provider]:
        return ()

    def profile(self, slug: str) -> ProviderProfile | None:
        return None

    def is_suspended(self, slug: str) -> bool:
        return False

    def health(self, slug: str) -> Health | None:
        return None

    def agreements(self) -> Sequence[Agreement]:
        return ()

    def all(self) -> Sequence[ProductOffering]:
        return ()

    def get(self, offering_id: str) -> ProductOffering | None:
        return None

    def index(self) -> CatalogIndex:
        return CatalogIndex(())

    def unavailable(self) -> Sequence[UnavailableProvider]:
        return ()


def a_core(storage: Storage, wakeups: WakeUps, clock: Clock) -> Core:
    """The core over that storage."""
    return Core(storage, NoProviders(), NoProviders(), wakeups, clock)
