"""Amounts of money."""

from decimal import Decimal

import pytest

from gateway.domain.money import Money


@pytest.mark.parametrize(
    ("amount", "currency", "written"),
    [("199.2", "SEK", "199.20"), ("199", "SEK", "199.00"), ("0.0015", "SEK", "0.0015"), ("5", "JPY", "5")],
)
def test_an_amount_is_written_with_its_currencys_digits_and_loses_none(
    amount: str, currency: str, written: str
) -> None:
    assert str(Money(Decimal(amount), currency).in_full().amount) == written


def test_a_half_is_rounded_up() -> None:
    assert Money(Decimal("0.125"), "SEK").rounded() == Money(Decimal("0.13"), "SEK")
    assert Money(Decimal("2.5"), "JPY").rounded() == Money(Decimal(3), "JPY")
