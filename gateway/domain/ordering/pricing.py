"""What a bundle costs: each price a line after conditions, alterations and quantity, rounded half-up once."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from gateway.domain.catalog.prices import AnyPrice, OneTimePrice, PriceAlteration, RecurringPrice, UsagePrice
from gateway.domain.catalog.providers import ProviderProfile
from gateway.domain.money import Money, total
from gateway.domain.ordering.bundles import BundlePrice, ProviderPrice, RecurringTotal

_HUNDRED = Decimal(100)


@dataclass(frozen=True, slots=True)
class Priced:
    """What is to be priced: an item with its effective values, or a bundle's own prices (quantity 1).

    `alterations` come from elsewhere: those of the predefined bundle that the item is a part of.
    """

    provider: ProviderProfile
    prices: tuple[AnyPrice, ...]
    values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    quantity: int = 1
    alterations: tuple[PriceAlteration, ...] = ()


@dataclass(frozen=True, slots=True)
class Line:
    """One rounded amount, with the tax on it or in it; `period` is None for what is charged once."""

    provider: ProviderProfile
    period: str | None
    amount: Money
    tax: Money
    is_tax_included: bool

    def taken(self, is_tax_included: bool) -> Money:
        """The amount with or without its tax."""
        if self.is_tax_included == is_tax_included:
            return self.amount
        sign = 1 if is_tax_included else -1
        return Money(self.amount.amount + sign * self.tax.amount, self.amount.currency)


def lines_of(priced: Priced) -> list[Line]:
    """The lines of what is charged for certain: one-time and recurring prices whose conditions hold; no usage."""
    holding = [each for each in priced.prices if all(condition.holds(priced.values) for condition in each.conditions)]
    alterations = [each for each in holding if isinstance(each, PriceAlteration)]
    alterations.extend(
        each for each in priced.alterations if all(condition.holds(priced.values) for condition in each.conditions)
    )
    return [
        _line(priced, each, [alteration for alteration in alterations if _applies(alteration, each)])
        for each in holding
        if isinstance(each, OneTimePrice | RecurringPrice)
    ]


def _applies(alteration: PriceAlteration, price: OneTimePrice | RecurringPrice) -> bool:
    return price.id in alteration.applies_to if alteration.applies_to else isinstance(price, RecurringPrice)


def _line(priced: Priced, price: OneTimePrice | RecurringPrice, alterations: Sequence[PriceAlteration]) -> Line:
    amount = altered(price.amount, alterations).times(priced.quantity).rounded()
    divisor = _HUNDRED + price.tax_rate if price.is_tax_included else _HUNDRED
    tax = Money(amount.amount * price.tax_rate / divisor, amount.currency).rounded()
    period = price.period if isinstance(price, RecurringPrice) else None
    return Line(priced.provider, period, amount, tax, price.is_tax_included)


def altered(amount: Money, alterations: Sequence[PriceAlteration]) -> Money:
    """Percentages of the plain amount add up; then amounts of the same currency come off; never below zero."""
    percentage = sum((each.percentage for each in alterations if each.percentage is not None), Decimal(0))
    off = [each.amount_off for each in alterations if each.amount_off is not None]
    left = amount.amount * (_HUNDRED - percentage) / _HUNDRED
    left -= sum((each.amount for each in off if each.currency == amount.currency), Decimal(0))
    return Money(max(left, Decimal(0)), amount.currency)


def currencies_of(lines: Iterable[Line]) -> frozenset[str]:
    """All currencies; more than one means that there are no totals."""
    return frozenset(line.amount.currency for line in lines)


def bundle_price(lines: Sequence[Line]) -> BundlePrice:
    """The totals, by provider (by slug) too: with tax where every price has it in, else without.

    What is recurring is by period, and in mixed currencies by currency. Nothing to add up, and mixed currencies: None.
    """
    is_tax_included = bool(lines) and all(line.is_tax_included for line in lines)
    providers = {line.provider.slug: line.provider for line in lines}
    by_provider = tuple(
        _provider_price(profile, [line for line in lines if line.provider.slug == slug], is_tax_included)
        for slug, profile in sorted(providers.items())
    )
    one_time, recurring, tax = _totals(lines, is_tax_included)
    return BundlePrice(one_time, recurring, tax, by_provider, is_tax_included)


def _provider_price(profile: ProviderProfile, lines: Sequence[Line], is_tax_included: bool) -> ProviderPrice:
    return ProviderPrice(profile, *_totals(lines, is_tax_included))


def _totals(
    lines: Sequence[Line], is_tax_included: bool
) -> tuple[Money | None, tuple[RecurringTotal, ...], Money | None]:
    one_time = total(line.taken(is_tax_included) for line in lines if line.period is None)
    kinds = sorted({(line.period, line.amount.currency) for line in lines if line.period is not None})
    recurring = tuple(
        RecurringTotal(period, _sum_of(lines, period, currency, is_tax_included)) for period, currency in kinds
    )
    return one_time, recurring, total(line.tax for line in lines)


def _sum_of(lines: Iterable[Line], period: str, currency: str, is_tax_included: bool) -> Money:
    chosen = [line for line in lines if line.period == period and line.amount.currency == currency]
    return Money(sum((line.taken(is_tax_included).amount for line in chosen), Decimal(0)), currency)


def price_digest(prices: Iterable[AnyPrice]) -> str:
    """A digest of all that these prices say: of equal prices equal, in whatever order they come."""
    return hashlib.sha256("\n".join(sorted(map(_described, prices))).encode()).hexdigest()[:32]


def _described(price: AnyPrice) -> str:
    conditions = sorted((each.field, sorted(each.values)) for each in price.conditions)
    shared = (type(price).__name__, price.id, price.is_tax_included, _plain(price.tax_rate), conditions)
    if isinstance(price, PriceAlteration):
        off = price.amount_off and (_plain(price.amount_off.amount), price.amount_off.currency)
        return repr((*shared, sorted(price.applies_to), _plain(price.percentage), off))
    amount = (_plain(price.amount.amount), price.amount.currency)
    if isinstance(price, RecurringPrice):
        return repr((*shared, amount, price.period))
    if isinstance(price, UsagePrice):
        return repr((*shared, amount, _plain(price.per.amount), price.per.unit))
    return repr((*shared, amount))


def _plain(number: Decimal | None) -> str | None:
    """10, 10.0 and 1E+1 are one number."""
    return None if number is None else format(number.normalize(), "f")
