"""A bundle's price: exact decimals, each line rounded once, tax in or out, by provider and period."""

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.catalog.prices import OneTimePrice, PriceAlteration, PriceCondition, RecurringPrice
from gateway.domain.money import Money
from gateway.domain.ordering.bundles import RecurringTotal
from gateway.domain.ordering.pricing import Priced, bundle_price, currencies_of, lines_of, price_digest
from tests.federation.scripted import profile

ONE, TWO = profile("one"), profile("two")

pytestmark = pytest.mark.requirement("F2")


def money(amount: str, currency: str = "SEK") -> Money:
    return Money(Decimal(amount), currency)


def monthly(amount: str, price_id: str = "m", **more: Any) -> RecurringPrice:
    return RecurringPrice(id=price_id, name="Monthly", amount=money(amount), period="P1M", **more)


def once(amount: str, price_id: str = "o", **more: Any) -> OneTimePrice:
    return OneTimePrice(id=price_id, name="Once", amount=money(amount), **more)


def test_a_price_counts_only_while_its_condition_holds() -> None:
    better = monthly("50", "uhd", conditions=(PriceCondition("quality", frozenset({"UHD"})),))

    low = bundle_price(lines_of(Priced(ONE, (monthly("100"), better), {"quality": ("HD",)})))
    high = bundle_price(lines_of(Priced(ONE, (monthly("100"), better), {"quality": ("UHD",)})))

    assert low.recurring == (RecurringTotal("P1M", money("100.00")),)
    assert high.recurring == (RecurringTotal("P1M", money("150.00")),)


def test_a_discount_without_a_target_takes_from_every_recurring_price_and_from_no_other() -> None:
    discount = PriceAlteration(id="d", name="Off", percentage=Decimal(15))

    price = bundle_price(lines_of(Priced(ONE, (monthly("99.90"), once("100"), discount))))

    assert price.recurring == (RecurringTotal("P1M", money("84.92")),)
    assert price.one_time == money("100.00")


def test_a_discount_takes_from_the_prices_that_it_names_and_never_more_than_there_is() -> None:
    discount = PriceAlteration(id="d", name="Off", applies_to=("o",), amount_off=money("150"))

    price = bundle_price(lines_of(Priced(ONE, (monthly("10"), once("100"), discount))))

    assert price.recurring == (RecurringTotal("P1M", money("10.00")),)
    assert price.one_time == money("0.00")


def test_a_line_is_rounded_half_up_once_after_the_quantity() -> None:
    price = bundle_price(lines_of(Priced(ONE, (once("0.335"),), quantity=3)))

    assert price.one_time == money("1.01")


def test_the_tax_is_of_one_time_charges_and_one_period_and_prices_stay_without_it() -> None:
    rate = Decimal(25)

    price = bundle_price(lines_of(Priced(ONE, (monthly("100", tax_rate=rate), once("50.02", tax_rate=rate)))))

    assert (price.tax, price.is_tax_included) == (money("37.51"), False)
    assert price.one_time == money("50.02")


def test_prices_with_and_without_tax_are_added_up_without_it() -> None:
    rate = Decimal(25)
    lines = [
        *lines_of(Priced(ONE, (once("125", tax_rate=rate, is_tax_included=True),))),
        *lines_of(Priced(TWO, (once("100", tax_rate=rate),))),
    ]

    price = bundle_price(lines)

    assert (price.one_time, price.tax, price.is_tax_included) == (money("200.00"), money("50.00"), False)
    assert bundle_price(lines[:1]).one_time == money("125.00")
    assert bundle_price(lines[:1]).is_tax_included


def test_each_provider_has_its_part_by_period() -> None:
    yearly = RecurringPrice(id="y", name="Yearly", amount=money("120"), period="P1Y")

    price = bundle_price([*lines_of(Priced(TWO, (monthly("10"), yearly))), *lines_of(Priced(ONE, (once("5"),)))])

    assert [each.provider.slug for each in price.by_provider] == ["one", "two"]
    assert [each.one_time for each in price.by_provider] == [money("5.00"), None]
    assert price.recurring == (RecurringTotal("P1M", money("10.00")), RecurringTotal("P1Y", money("120.00")))


def test_a_total_in_mixed_currencies_is_none() -> None:
    euros = OneTimePrice(id="e", name="Once", amount=money("5", "EUR"))

    lines = [*lines_of(Priced(ONE, (once("5"),))), *lines_of(Priced(TWO, (euros,)))]
    price = bundle_price(lines)

    assert (price.one_time, price.tax) == (None, None)
    assert [each.one_time for each in price.by_provider] == [money("5.00"), money("5.00", "EUR")]
    assert currencies_of(lines) == {"SEK", "EUR"}


def test_equal_prices_have_equal_digests_and_another_amount_another_one() -> None:
    digest = price_digest([monthly("10"), once("5")])

    assert price_digest([once("5.00"), monthly("1E+1")]) == digest
    assert price_digest([once("5.01"), monthly("10")]) != digest


AMOUNTS = st.decimals(0, 100_000, places=4, allow_nan=False)
PRICES = st.builds(
    lambda amount, rate, included, is_monthly: (monthly if is_monthly else once)(
        str(amount), tax_rate=Decimal(rate), is_tax_included=included
    ),
    AMOUNTS,
    st.sampled_from([0, 6, 12, 25]),
    st.booleans(),
    st.booleans(),
)
PRICED = st.builds(
    Priced,
    st.sampled_from([ONE, TWO]),
    st.lists(PRICES, max_size=5).map(tuple),
    quantity=st.integers(1, 100),
    alterations=st.lists(
        st.builds(
            lambda percent: PriceAlteration(id="d", name="Off", percentage=Decimal(percent)), st.integers(0, 120)
        ),
        max_size=2,
    ).map(tuple),
)


@given(st.lists(PRICED, max_size=6))
def test_the_providers_parts_add_up_to_the_whole_and_nothing_is_negative(priced: list[Priced]) -> None:
    lines = [line for each in priced for line in lines_of(each)]

    price = bundle_price(lines)

    assert sum(each.one_time.amount for each in price.by_provider if each.one_time) == (
        price.one_time.amount if price.one_time else 0
    )
    assert sum(total.amount.amount for each in price.by_provider for total in each.recurring) == sum(
        total.amount.amount for total in price.recurring
    )
    assert all(line.amount.amount >= 0 and line.tax.amount >= 0 for line in lines)


@given(AMOUNTS, st.integers(1, 100), st.sampled_from([0, 6, 25]))
def test_a_line_is_off_by_half_a_cent_at_most(amount: Decimal, quantity: int, rate: int) -> None:
    (line,) = lines_of(Priced(ONE, (once(str(amount), tax_rate=Decimal(rate)),), quantity=quantity))

    assert line.amount.amount == (amount * quantity).quantize(Decimal("0.01"), ROUND_HALF_UP)
    assert abs(line.tax.amount - line.amount.amount * rate / 100) <= Decimal("0.005")
