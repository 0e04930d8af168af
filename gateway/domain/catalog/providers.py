"""Providers as a customer may know them."""

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

SLUG_PATTERN = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
PROVIDER_NAME_LIMIT = 200


class ProviderRole(StrEnum):
    """What a provider plays in an offering; goods are a service provider's."""

    SERVICE_PROVIDER = "SERVICE_PROVIDER"
    NETWORK_OPERATOR = "NETWORK_OPERATOR"
    CONTENT_PROVIDER = "CONTENT_PROVIDER"


@dataclass(frozen=True, slots=True)
class ProviderProfile:
    """A provider's public face. `slug` is its key everywhere inside the gateway; `id` the global id."""

    id: str
    slug: str
    name: str
    roles: tuple[ProviderRole, ...]


@dataclass(frozen=True, slots=True)
class UnavailableProvider:
    """A provider whose rows are missing, or stale since `last_known_at`. `code` is a code of the gateway's texts."""

    provider: ProviderProfile
    code: str
    retry_after: datetime | None = None
    last_known_at: datetime | None = None
