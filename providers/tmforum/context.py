"""What every reader of this adapter needs: whose rows they are, how to read them, and the present moment."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, tzinfo
from hashlib import sha256
from typing import Any

from gateway.contract import ProviderProfile, provider_id
from providers.tmforum.options import TmForumOptions
from providers.tmforum.profiles import Profiles
from providers.tmforum.shapes import untyped


@dataclass(frozen=True, slots=True)
class Reading:
    """The provider, its options, and the clock."""

    profile: ProviderProfile
    options: TmForumOptions
    now: Callable[[], datetime]

    @property
    def zone(self) -> tzinfo:
        """The provider's zone: that of dates without an offset, and of its days."""
        return self.options.time_zone

    @property
    def profiles(self) -> Profiles:
        """How the provider's version of each API is spoken."""
        return self.options.profiles

    def body(self, row: Any) -> Any:
        """A body as it goes out: without types where the provider refuses them."""
        return row if self.options.types else untyped(row)

    def id(self, type_name: str, ref: str) -> str:
        """The global id of the provider's object of that reference."""
        return provider_id(type_name, self.profile.slug, ref)

    def content_id(self, type_name: str, *content: object) -> str:
        """An id for what the provider gives none: it changes with the content."""
        return self.id(type_name, sha256(repr(content).encode()).hexdigest()[:32])
