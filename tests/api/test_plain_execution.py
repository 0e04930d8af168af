"""The short way for plain attributes gives the executor's own answers, and is short."""

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import pytest
from graphql import parse
from graphql.execution import Executor

from gateway.api.auth.attempts import counting
from gateway.api.context import Context
from gateway.api.operations.plain_execution import PlainExecutor
from gateway.api.schema.built import schema
from gateway.domain.catalog.offerings import BundledGroup, BundledOffering, Category, Characteristic, ProductOffering
from gateway.domain.catalog.prices import OneTimePrice, PriceAlteration, Quantity, RecurringPrice, UsagePrice
from gateway.domain.identity import own_id, provider_id
from gateway.domain.money import Money
from gateway.domain.parties import Caller
from tests.federation.scripted import offering, profile

QUERY = """
query Offering($id: ID!, $isShort: Boolean!) {
  productOffering(id: $id) {
    __typename id alias: name description isBundle role
    categories { id slug name }
    provider { id ...Names }
    prices {
      __typename id name isTaxIncluded
      ... on OneTimePrice { amount { amount currency } }
      ... on RecurringPrice { period amount { amount currency } }
      ... on UsagePrice { per { amount unit } amount { amount } }
      ... on PriceAlteration { appliesTo percentage amountOff { amount } }
    }
    characteristics @skip(if: $isShort) { name label values unit }
    bundledOptions {
      ... on BundledOffering { offeringName isFixed role offering { id } }
      ... on BundledGroup { name options { offeringName minimumQuantity } }
    }
    provider { roles }
  }
}
fragment Names on Provider { name roles }
"""
AMOUNT = Money(Decimal("12.50"), "SEK")
PART = BundledOffering(provider_id("ProductOffering", "nord", "part"), "Part", 1, 2, 1)
FULL = offering(
    "nord",
    "full",
    description="A line\nand another",
    categories=(Category(own_id("Category", "iptv"), "iptv", "IPTV"),),
    prices=(
        OneTimePrice(id="1", name="Start", amount=AMOUNT),
        RecurringPrice(id="2", name="Month", amount=AMOUNT, period="P1M"),
        UsagePrice(id="3", name="Data", amount=AMOUNT, per=Quantity(Decimal(1), "GB")),
        PriceAlteration(id="4", name="Less", applies_to=("2",), percentage=Decimal("1E+1")),
    ),
    characteristics=(Characteristic("speed", "Speed", ("100", "250"), "Mbit/s"),),
)
BUNDLE = replace(FULL, is_bundle=True, bundled_options=(PART, BundledGroup("Films", 0, 1, (PART,))))
BROKEN = replace(FULL, categories=(Category("x", None, "IPTV"),))  # type: ignore[arg-type]
WRONG = replace(FULL, prices=(OneTimePrice(id="1", name="Start", amount=Money("much", "SEK")),))  # type: ignore[arg-type]


@dataclass
class Shelf:
    """The offerings behind a query."""

    offering: ProductOffering

    @property
    def offerings(self) -> "Shelf":
        return self

    def get(self, offering_id: str) -> ProductOffering:
        return self.offering


class Counted(PlainExecutor):
    """Counts the fields that it executes one by one."""

    fields = 0

    def execute_field(self, *args: Any) -> Any:
        Counted.fields += 1
        return super().execute_field(*args)


def _run(executor: type[Executor[Any]], shown: ProductOffering, *, is_short: bool) -> Any:
    context = Context(Shelf(shown), Caller(), "en", counting())  # type: ignore[arg-type]
    variables = {"id": "x", "isShort": is_short}
    built = executor.build(schema._schema, parse(QUERY), context_value=context, raw_variable_values=variables)
    assert isinstance(built, Executor)
    return built.execute_operation()


CASES = [
    pytest.param(FULL, id="full"),
    pytest.param(BUNDLE, id="bundle"),
    pytest.param(BROKEN, id="broken"),
    pytest.param(WRONG, id="wrong"),
]


@pytest.mark.parametrize("is_short", [True, False])
@pytest.mark.parametrize("shown", CASES)
def test_the_short_way_answers_as_the_executor_does(shown: ProductOffering, is_short: bool) -> None:
    slow = _run(Executor, shown, is_short=is_short)
    fast = _run(PlainExecutor, shown, is_short=is_short)

    assert fast.data == slow.data
    assert list(fast.data["productOffering"] or ()) == list(slow.data["productOffering"] or ())
    assert [each.formatted for each in fast.errors or ()] == [each.formatted for each in slow.errors or ()]


def test_broken_objects_are_errors_and_not_half_answers() -> None:
    assert _run(PlainExecutor, BROKEN, is_short=True).data == {"productOffering": None}
    assert _run(PlainExecutor, WRONG, is_short=True).errors


def test_a_plain_selection_is_one_call_of_the_executor() -> None:
    Counted.fields = 0

    result = _run(Counted, FULL, is_short=False)

    assert result.errors is None
    assert result.data["productOffering"]["provider"]["name"] == profile("nord").name
    assert Counted.fields == 1
