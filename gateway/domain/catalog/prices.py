"""Prices of an offering: one-time, recurring, by usage, and what alters them."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from gateway.domain.money import Money


@dataclass(frozen=True, slots=True)
class Quantity:
    """An amount of a unit, such as 1 GB."""

    amount: Decimal
    unit: str


@dataclass(frozen=True, slots=True)
class PriceCondition:
    """The price counts only when the form's field has one of these values."""

    field: str
    values: frozenset[str]

    def holds(self, values: Mapping[str, tuple[str, ...]]) -> bool:
        """Whether it holds for the values of a filled-in form, by key."""
        return bool(self.values.intersection(values.get(self.field, ())))


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """What the kinds of price share. `tax_rate` in percent; `conditions` must all hold."""

    id: str
    name: str
    is_tax_included: bool = False
    tax_rate: Decimal = Decimal(0)
    conditions: tuple[PriceCondition, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class OneTimePrice(Price):
    """Charged once, at activation."""

    amount: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class RecurringPrice(Price):
    """Charged each `period` (an ISO 8601 duration)."""

    amount: Money
    period: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UsagePrice(Price):
    """Charged for each `per` used."""

    amount: Money
    per: Quantity


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceAlteration(Price):
    """A discount on the prices named in `applies_to` (ids); on every recurring one where none is named.

    Either `percentage` (positive takes off) or `amount_off` is given.
    """

    applies_to: tuple[str, ...] = ()
    percentage: Decimal | None = None
    amount_off: Money | None = None


AnyPrice = OneTimePrice | RecurringPrice | UsagePrice | PriceAlteration
