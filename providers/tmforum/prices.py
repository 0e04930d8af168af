"""Reads prices. Source: TMF620 v4.1 and v5.0, ProductOfferingPrice and ProductOfferingPriceRefOrValue; the README."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TypedDict

from gateway.contract import (
    AnyPrice,
    Money,
    OneTimePrice,
    PriceAlteration,
    PriceCondition,
    Quantity,
    RecurringPrice,
    UsagePrice,
)
from gateway.kit import Misshapen
from providers.tmforum.context import Reading
from providers.tmforum.durations import charge_period
from providers.tmforum.reading import Row, as_texts, flag, is_valid_at, money, number, part, parts, reference, text

WITHDRAWN = frozenset({"retired", "obsolete"})
# What they say is no charge for the product: an allowance is a characteristic, a penalty follows a breach.
NO_CHARGES = frozenset({"allowance", "penalty"})
MONTHLY = "P1M"
DEPTH_LIMIT = 4


class _Shared(TypedDict):
    id: str
    name: str
    is_tax_included: bool
    tax_rate: Decimal
    conditions: tuple[PriceCondition, ...]


@dataclass(frozen=True, slots=True)
class _Amount:
    money: Money
    is_tax_included: bool


def needs_reading(row: Row) -> bool:
    """Whether a price of an offering is only a reference to one that stands elsewhere."""
    return "price" not in row and "percentage" not in row and flag(row, "isBundle") is not True


def price_parts_needed(row: Row) -> Sequence[Row]:
    """The references to the parts of a bundle of prices."""
    found = parts(row, "bundledPopRelationship")
    return [each for each in found if needs_reading(each) and each.get("id") not in (None, "")]


def read_prices(offering_ref: str, rows: Sequence[Row], reading: Reading) -> tuple[AnyPrice, ...]:
    """The prices in force, in the provider's order. Raises: Misshapen for one that can't be charged as it stands."""
    found: list[AnyPrice] = []
    for index, row in enumerate(rows):
        if _is_in_force(row, reading):
            found.extend(_read_price(f"{offering_ref}#{index}", row, reading))
    return tuple(found)


def expanded(rows: Iterable[Row], by_ref: Mapping[str, Row], depth: int = 0) -> Iterator[Row]:
    """The rows with each reference replaced by what it means, and each bundle of prices by its parts.

    Raises: Misshapen for a reference to a price that there is not.
    """
    for row in rows:
        whole = by_ref.get(reference(row)) if needs_reading(row) else row
        if whole is None or depth > DEPTH_LIMIT:
            raise Misshapen(f"there is no price {row.get('id')!r}")
        if flag(whole, "isBundle") and parts(whole, "bundledPopRelationship"):
            yield from expanded(parts(whole, "bundledPopRelationship"), by_ref, depth + 1)
        else:
            yield whole


def _is_in_force(row: Row, reading: Reading) -> bool:
    is_withdrawn = (text(row, "lifecycleStatus") or "").lower() in WITHDRAWN
    return not is_withdrawn and _kind(row) not in NO_CHARGES and is_valid_at(row, reading.now(), reading.zone)


def _kind(row: Row) -> str:
    word = (text(row, "priceType") or "").lower()
    return "".join(letter for letter in word if letter.isalpha())


def _read_price(fallback_ref: str, row: Row, reading: Reading) -> Iterator[AnyPrice]:
    ref = reference(row) if row.get("id") not in (None, "") else fallback_ref
    amount = _amount(row, reading)
    shared: _Shared = {
        "id": reading.id("ProductOfferingPrice", ref),
        "name": text(row, "name") or text(row, "priceType") or ref,
        "is_tax_included": amount.is_tax_included if amount else reading.options.prices_include_tax,
        "tax_rate": _tax_rate(row),
        "conditions": _conditions(row),
    }
    if _is_alteration(row):
        yield _alteration(row, shared, amount, reading)
        return
    if amount is None:
        raise Misshapen(f"the price {ref!r} has no amount")
    yield _charge(row, shared, amount.money)
    for index, alteration in enumerate(parts(row, "priceAlteration")):
        yield _embedded_alteration(f"{ref}#{index}", alteration, shared, reading)


def _is_alteration(row: Row) -> bool:
    return _kind(row) == "discount" or (number(row, "percentage") is not None and not part(row, "price"))


def _charge(row: Row, shared: _Shared, amount: Money) -> AnyPrice:
    """By its type; one of an unknown type by what else it says, so that no charge is lost."""
    kind, period, per = _kind(row), charge_period(row), part(row, "unitOfMeasure")
    if kind == "recurring" or (kind not in {"onetime", "nonrecurring", "usage"} and period):
        return RecurringPrice(**shared, amount=amount, period=period or MONTHLY)
    if kind == "usage" or (kind not in {"onetime", "nonrecurring"} and per):
        return UsagePrice(**shared, amount=amount, per=Quantity(number(per, "amount") or Decimal(1), _units(per)))
    return OneTimePrice(**shared, amount=amount)


def _units(per: Row) -> str:
    return text(per, "units") or "unit"


def _amount(row: Row, reading: Reading) -> _Amount | None:
    """`{unit, value}`, or where the price is embedded `dutyFreeAmount` or `taxIncludedAmount`."""
    plain = money(row, "price")
    if plain is not None:
        return _Amount(plain, reading.options.prices_include_tax)
    embedded = part(row, "price")
    without, included = money(embedded, "dutyFreeAmount"), money(embedded, "taxIncludedAmount")
    if without is not None:
        return _Amount(without, is_tax_included=False)
    return None if included is None else _Amount(included, is_tax_included=True)


def _tax_rate(row: Row) -> Decimal:
    rates = [number(tax, "taxRate") or Decimal(0) for tax in parts(row, "tax")]
    return sum(rates, Decimal(0)) if rates else number(part(row, "price"), "taxRate") or Decimal(0)


def _conditions(row: Row) -> tuple[PriceCondition, ...]:
    found = []
    for use in parts(row, "prodSpecCharValueUse"):
        field = text(use, "name")
        values = [as_texts(each.get("value")) for each in parts(use, "productSpecCharacteristicValue")]
        if field and values:
            found.append(PriceCondition(field, frozenset(value for texts in values for value in texts)))
    return tuple(found)


def _alteration(row: Row, shared: _Shared, amount: _Amount | None, reading: Reading) -> PriceAlteration:
    targets = tuple(
        reading.id("ProductOfferingPrice", reference(each))
        for each in parts(row, "popRelationship")
        if (text(each, "relationshipType") or "").lower() == "discounts"
    )
    return _reduction(shared, targets, number(row, "percentage"), amount)


def _embedded_alteration(ref: str, row: Row, shared: _Shared, reading: Reading) -> PriceAlteration:
    own: _Shared = {
        **shared,
        "id": reading.id("ProductOfferingPrice", ref),
        "name": text(row, "name") or shared["name"],
    }
    return _reduction(own, (shared["id"],), number(part(row, "price"), "percentage"), _amount(row, reading))


def _reduction(
    shared: _Shared, targets: tuple[str, ...], percentage: Decimal | None, amount: _Amount | None
) -> PriceAlteration:
    """Some catalogues write what they take off as a negative number."""
    if percentage is not None:
        return PriceAlteration(**shared, applies_to=targets, percentage=abs(percentage))
    if amount is None:
        raise Misshapen(f"the discount {shared['name']!r} takes nothing off")
    return PriceAlteration(
        **shared, applies_to=targets, amount_off=Money(abs(amount.money.amount), amount.money.currency)
    )
