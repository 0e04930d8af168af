"""Money: decimals with a currency, rounded half-up once a line; never floats."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

CENT = Decimal("0.01")
# ISO 4217: currencies whose minor unit is not a hundredth.
_MINOR_UNITS = {
    "JPY": Decimal(1),
    "KRW": Decimal(1),
    "ISK": Decimal(1),
    "KWD": Decimal("0.001"),
    "BHD": Decimal("0.001"),
}


@dataclass(frozen=True, slots=True)
class Money:
    """An exact amount in one ISO 4217 currency."""

    amount: Decimal
    currency: str

    def rounded(self) -> "Money":
        """To the currency's minor unit, half-up."""
        unit = _MINOR_UNITS.get(self.currency, CENT)
        return Money(self.amount.quantize(unit, ROUND_HALF_UP), self.currency)

    def in_full(self) -> "Money":
        """The same amount, written with at least the digits of the currency's minor unit: 199.2 SEK is 199.20."""
        rounded = self.rounded()
        return rounded if rounded.amount == self.amount else self

    def times(self, factor: Decimal | int) -> "Money":
        """Multiplied, not rounded."""
        return Money(self.amount * factor, self.currency)


def total(parts: Iterable[Money]) -> Money | None:
    """The sum, None where there is nothing to add or the currencies differ."""
    parts = list(parts)
    currencies = {part.currency for part in parts}
    if len(currencies) != 1:
        return None
    return Money(sum((part.amount for part in parts), Decimal(0)), currencies.pop())
