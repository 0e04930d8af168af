"""A bundle: what a customer puts together to order as one, and what is still wrong with it."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from gateway.domain.catalog.providers import ProviderProfile, ProviderRole
from gateway.domain.money import Money
from gateway.domain.parties import Place


class BundleState(StrEnum):
    """OPEN until it is ordered; EXPIRED when nobody touched it for the time of the setting."""

    OPEN = "OPEN"
    ORDERED = "ORDERED"
    EXPIRED = "EXPIRED"


@dataclass(frozen=True, slots=True)
class BundleItem:
    """One offering in a bundle. What the provider said when it was added is kept as a snapshot.

    `values` holds only what the customer filled in (by field key; an empty tuple clears a default).
    `price_digest` is of the prices last shown; `price_changed_in` the revision that the provider's change of prices
    made.
    """

    id: str
    offering_id: str
    offering_name: str
    provider: str
    role: ProviderRole
    quantity: int = 1
    values: Mapping[str, tuple[str, ...]] = dataclasses.field(default_factory=dict)
    is_removable: bool = True
    minimum_quantity: int = 1
    maximum_quantity: int | None = None
    price_digest: str = ""
    price_changed_in: int | None = None


@dataclass(frozen=True, slots=True)
class Bundle:
    """A customer's bundle. `revision` rises by one with each change, a provider's change of prices included."""

    id: str
    customer_id: str
    revision: int
    state: BundleState
    created_at: datetime
    updated_at: datetime
    name: str | None = None
    offering_id: str | None = None
    offering_name: str | None = None
    place: Place | None = None
    items: tuple[BundleItem, ...] = ()
    order_id: str | None = None

    def item(self, item_id: str) -> BundleItem | None:
        """The item of that global id, None where it has none."""
        return next((item for item in self.items if item.id == item_id), None)


class IssueSeverity(StrEnum):
    """An ERROR stands in the way of the order; a WARNING is to be known."""

    ERROR = "ERROR"
    WARNING = "WARNING"


class BundleIssueCode(StrEnum):
    """What can be wrong with a bundle."""

    EMPTY_BUNDLE = "EMPTY_BUNDLE"
    MISSING_PLACE = "MISSING_PLACE"
    MISSING_FIELD = "MISSING_FIELD"
    UNKNOWN_FIELD = "UNKNOWN_FIELD"
    INVALID_CHOICE = "INVALID_CHOICE"
    OUT_OF_RANGE = "OUT_OF_RANGE"
    PATTERN_MISMATCH = "PATTERN_MISMATCH"
    TOO_LONG = "TOO_LONG"
    TOO_FEW_VALUES = "TOO_FEW_VALUES"
    TOO_MANY_VALUES = "TOO_MANY_VALUES"
    QUANTITY_TOO_LOW = "QUANTITY_TOO_LOW"
    QUANTITY_TOO_HIGH = "QUANTITY_TOO_HIGH"
    MISSING_CHOICE = "MISSING_CHOICE"
    TOO_MANY_CHOICES = "TOO_MANY_CHOICES"
    MISSING_ROLE = "MISSING_ROLE"
    UNMET_REQUIREMENT = "UNMET_REQUIREMENT"
    NO_AGREEMENT = "NO_AGREEMENT"
    NOT_DELIVERABLE = "NOT_DELIVERABLE"
    DELIVERABILITY_UNKNOWN = "DELIVERABILITY_UNKNOWN"
    WITHDRAWN_OFFERING = "WITHDRAWN_OFFERING"
    CHANGED_PRICE = "CHANGED_PRICE"
    MIXED_CURRENCY = "MIXED_CURRENCY"
    PROVIDER_UNAVAILABLE = "PROVIDER_UNAVAILABLE"
    PROVIDER_SUSPENDED = "PROVIDER_SUSPENDED"


@dataclass(frozen=True, slots=True)
class BundleIssue:
    """One thing wrong, with the item and the form's field it belongs to; the sentence is made from code and params."""

    code: BundleIssueCode
    severity: IssueSeverity = IssueSeverity.ERROR
    item: BundleItem | None = None
    field: str | None = None
    params: Mapping[str, str] = dataclasses.field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RecurringTotal:
    """What is charged each `period` (an ISO 8601 duration)."""

    period: str
    amount: Money


@dataclass(frozen=True, slots=True)
class ProviderPrice:
    """One provider's part of a price."""

    provider: ProviderProfile
    one_time: Money | None
    recurring: tuple[RecurringTotal, ...]
    tax: Money | None


@dataclass(frozen=True, slots=True)
class BundlePrice:
    """What a bundle costs; tax is included as far as `is_tax_included` says.

    `tax` is that of all one-time charges and one period of each recurring one. A total in mixed currencies is None.
    """

    one_time: Money | None
    recurring: tuple[RecurringTotal, ...]
    tax: Money | None
    by_provider: tuple[ProviderPrice, ...]
    is_tax_included: bool = False
