"""Bills of the past and the charges of the running period."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from gateway.domain.catalog.providers import ProviderProfile
from gateway.domain.money import Money


class BillState(StrEnum):
    """TMF678's states in capitals, and UNKNOWN for a new one (its own text stands beside it)."""

    NEW = "NEW"
    ON_HOLD = "ON_HOLD"
    VALIDATED = "VALIDATED"
    SENT = "SENT"
    PARTIALLY_PAID = "PARTIALLY_PAID"
    SETTLED = "SETTLED"
    UNKNOWN = "UNKNOWN"


@dataclass(frozen=True, slots=True)
class Bill:
    """A provider's bill. Dates are days in the provider's zone. `party` is re-checked before anyone sees it."""

    id: str
    ref: str
    provider: ProviderProfile
    bill_number: str
    state: BillState
    provider_status: str
    party: str | None
    bill_date: date | None = None
    payment_due_date: date | None = None
    tax_included: Money | None = None
    remaining: Money | None = None


@dataclass(frozen=True, slots=True)
class Charge:
    """A rated charge: a line of the bill `bill_ref`, or of the running period where that is None.

    `amount` is without tax unless `is_tax_included`.
    """

    ref: str
    provider: ProviderProfile
    party: str | None
    description: str
    amount: Money
    is_tax_included: bool
    bill_ref: str | None = None
    product_ref: str | None = None
    charged_at: datetime | None = None
    period_start: datetime | None = None
    period_end: datetime | None = None


@dataclass(frozen=True, slots=True)
class CurrentCharges:
    """What a provider has charged so far in the running period, that no bill holds yet; tax included."""

    provider: ProviderProfile
    period_start: datetime | None
    as_of: datetime
    total: Money
