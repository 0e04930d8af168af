"""Bills, their lines, and the running charges across providers."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from gateway.contract import Money, Unavailable, provider_id
from gateway.domain.billing import CurrentCharges
from gateway.domain.errors import AccessError, RequestError
from gateway.domain.parties import Caller
from gateway.usecases.billing import bill_lines, current_charges, find_bill, list_bills
from gateway.usecases.core import Core
from tests.holdings.holders import Holder, Holders, accounts_at, profile, with_holders
from tests.holdings.test_products import customer_of

MARCH = datetime(2026, 3, 1, tzinfo=UTC)
JANUARY = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.requirement("B1")
async def test_bills_of_all_providers_come_newest_first(core: Core, maria: Caller) -> None:
    customer = customer_of(maria)
    refs = await accounts_at(core, customer, "aurora", "granit")
    aurora, granit = Holder("aurora"), Holder("granit")
    aurora.bills_for("a1", refs["aurora"], date(2026, 1, 31))
    aurora.bills_for("draft", refs["aurora"], None)
    granit.bills_for("g2", refs["granit"], date(2026, 2, 28))
    granit.bills_for("g1", refs["granit"], date(2026, 1, 31))
    granit.bills_for("other", "another", date(2026, 1, 31))
    core = with_holders(core, Holders(aurora, granit))

    first = await list_bills(core, maria, customer, 3, None)
    second = await list_bills(core, maria, customer, 3, first.page_info.end_cursor)

    assert [edge.node.ref for edge in (*first.edges, *second.edges)] == ["g2", "a1", "g1", "draft"]
    assert (first.page_info.has_next_page, second.page_info.has_next_page) == (True, False)
    assert dict(core.alarms.counts) == {("foreign-rows", "granit"): 2}


@pytest.mark.requirement("B1")
async def test_lines_of_many_bills_take_one_call_a_provider(core: Core, maria: Caller) -> None:
    customer = customer_of(maria)
    refs = await accounts_at(core, customer, "aurora", "granit", "nordnet")
    aurora, granit = Holder("aurora"), Holder("granit", failure=Unavailable("granit", "billing"))
    mine = refs["aurora"]
    bills = [aurora.bills_for(ref, mine, None) for ref in ("1", "2", "3")]
    lines = [aurora.charges_for("x", mine, "10", bill_ref="1"), aurora.charges_for("y", mine, "20", bill_ref="2")]
    lines.append(aurora.charges_for("z", mine, "30", bill_ref="1"))
    aurora.charges_for("running", mine, "40")
    aurora.charges_for("theirs", "another", "50", bill_ref="1")
    missing = provider_id("Bill", "granit", "g1")
    core = with_holders(core, Holders(aurora, granit, without=["nordnet"]))

    found = await bill_lines(core, maria, customer, [*(bill.id for bill in bills), missing, "nonsense"])

    assert found == {bills[0].id: [lines[0], lines[2]], bills[1].id: [lines[1]], bills[2].id: []}
    assert aurora.asked == ["charges"]


@pytest.mark.requirement("B2")
async def test_running_charges_are_summed_by_provider_and_currency_without_what_is_billed(
    core: Core, maria: Caller
) -> None:
    customer = customer_of(maria)
    refs = await accounts_at(core, customer, "aurora", "granit", "nordnet", "tyst")
    aurora, tyst = Holder("aurora"), Holder("tyst")
    granit = Holder("granit", failure=Unavailable("granit", "billing"))
    aurora.charges_for("a", refs["aurora"], "10.005", period_start=MARCH)
    aurora.charges_for("b", refs["aurora"], "0.01", charged_at=JANUARY)
    aurora.charges_for("c", refs["aurora"], "7", "EUR")
    aurora.charges_for("d", refs["aurora"], "1000", bill_ref="b-1")
    aurora.charges_for("e", "another", "1000")
    core = with_holders(core, Holders(aurora, granit, tyst, without=["nordnet"]))

    answer = await current_charges(core, maria, customer)

    at = core.clock.now()
    assert answer.charges == (
        CurrentCharges(profile("aurora"), None, at, Money(Decimal("7.00"), "EUR")),
        CurrentCharges(profile("aurora"), JANUARY, at, Money(Decimal("10.02"), "SEK")),
    )
    assert [each.provider.slug for each in answer.unavailable_providers] == ["granit"]


@pytest.mark.requirement("S3")
async def test_strangers_see_no_bill(core: Core, maria: Caller, lars: Caller) -> None:
    customer = customer_of(maria)
    refs = await accounts_at(core, customer, "aurora")
    await accounts_at(core, customer_of(lars), "aurora")
    aurora = Holder("aurora")
    bill = aurora.bills_for("1", refs["aurora"], None)
    aurora.charges_for("x", refs["aurora"], "10", bill_ref="1")
    core = with_holders(core, Holders(aurora))

    assert await find_bill(core, maria, customer, bill.id) == bill
    assert await find_bill(core, lars, customer_of(lars), bill.id) is None
    assert await find_bill(core, lars, customer, bill.id) is None
    assert await bill_lines(core, lars, customer, [bill.id]) == {}
    assert await bill_lines(core, lars, customer_of(lars), [bill.id]) == {bill.id: []}
    for ask in (list_bills(core, lars, customer, None, None), current_charges(core, lars, customer)):
        with pytest.raises(RequestError):
            await ask
    with pytest.raises(AccessError):
        await current_charges(core, Caller(), customer)
