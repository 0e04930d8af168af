"""What every reader of this adapter needs: whose rows they are, the options, and the present moment."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from gateway.contract import ProviderProfile, ProviderRole, provider_id
from providers.onapi.options import OnApiOptions


@dataclass(frozen=True, slots=True)
class Reading:
    """The provider, its options, and the clock."""

    profile: ProviderProfile
    options: OnApiOptions
    now: Callable[[], datetime]

    @property
    def role(self) -> ProviderRole:
        """What it plays: who speaks ON-API is a network operator, unless it is said to be something else alone."""
        roles = self.profile.roles
        return ProviderRole.NETWORK_OPERATOR if ProviderRole.NETWORK_OPERATOR in roles else roles[0]

    def id(self, type_name: str, ref: str) -> str:
        """The global id of the provider's object of that reference."""
        return provider_id(type_name, self.profile.slug, ref)
