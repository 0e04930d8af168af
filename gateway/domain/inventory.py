"""Products: what a customer holds."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from gateway.domain.catalog.offerings import Characteristic
from gateway.domain.catalog.providers import ProviderProfile, ProviderRole


class ProductStatus(StrEnum):
    """TMF637's states in capitals, and UNKNOWN for a new one (its own text stands beside it)."""

    CREATED = "CREATED"
    PENDING_ACTIVE = "PENDING_ACTIVE"
    ACTIVE = "ACTIVE"
    SUSPENDED = "SUSPENDED"
    PENDING_TERMINATE = "PENDING_TERMINATE"
    TERMINATED = "TERMINATED"
    CANCELLED = "CANCELLED"
    ABORTED = "ABORTED"
    UNKNOWN = "UNKNOWN"


GONE_STATUSES = frozenset({ProductStatus.TERMINATED, ProductStatus.CANCELLED, ProductStatus.ABORTED})
"""The states of a product that is no longer there, or never came to be."""


@dataclass(frozen=True, slots=True)
class Product:
    """A product as its provider keeps it now. `party` is whose it says it is: re-checked before anyone sees it."""

    id: str
    ref: str
    provider: ProviderProfile
    name: str
    role: ProviderRole | None
    status: ProductStatus
    provider_status: str
    party: str | None
    offering_id: str | None = None
    started_at: datetime | None = None
    characteristics: tuple[Characteristic, ...] = ()
    order_refs: tuple[str, ...] = ()
