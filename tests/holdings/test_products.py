"""Products across providers: whose, in which order, and who is missing."""

import logging
from datetime import UTC, datetime, timedelta

import pytest

from gateway.contract import (
    Characteristic,
    ContractBroken,
    OrderField,
    ProductOffering,
    ProviderRole,
    TextConstraint,
    Unavailable,
    provider_id,
)
from gateway.domain.errors import AccessError, RequestError
from gateway.domain.parties import Caller
from gateway.usecases.core import Core
from gateway.usecases.inventory import find_products, list_products
from tests.holdings.holders import Holder, Holders, accounts_at, profile, with_holders

JANUARY = datetime(2026, 1, 1, tzinfo=UTC)


def customer_of(caller: Caller) -> str:
    assert caller.actor is not None
    return caller.actor.memberships[0].customer.id


@pytest.mark.requirement("F11")
async def test_products_of_all_providers_come_newest_first_page_by_page(core: Core, maria: Caller) -> None:
    customer = customer_of(maria)
    refs = await accounts_at(core, customer, "aurora", "granit")
    aurora, granit = Holder("aurora"), Holder("granit")
    for day in range(5):
        aurora.holds(f"a{day}", refs["aurora"], JANUARY + timedelta(days=day))
        granit.holds(f"g{day}", refs["granit"], JANUARY + timedelta(days=day))
    aurora.holds("planned", refs["aurora"], None)
    core = with_holders(core, Holders(aurora, granit))

    found: list[str] = []
    after, has_next = None, True
    while has_next:
        page = await list_products(core, maria, customer, 3, after)
        found += [edge.node.ref for edge in page.edges]
        after, has_next = page.page_info.end_cursor, page.page_info.has_next_page

    assert found == ["a4", "g4", "a3", "g3", "a2", "g2", "a1", "g1", "a0", "g0", "planned"]


@pytest.mark.requirement("S3")
async def test_a_row_of_another_party_is_dropped_counted_and_raised_as_an_alarm(
    core: Core, maria: Caller, caplog: pytest.LogCaptureFixture
) -> None:
    customer = customer_of(maria)
    refs = await accounts_at(core, customer, "aurora")
    aurora = Holder("aurora")
    aurora.holds("mine", refs["aurora"], JANUARY)
    aurora.holds("theirs", "party-of-another", JANUARY)
    aurora.holds("nobodys", None, JANUARY)
    core = with_holders(core, Holders(aurora))

    with caplog.at_level(logging.ERROR, "gateway.alarms"):
        page = await list_products(core, maria, customer, 10, None)

    assert [edge.node.ref for edge in page.edges] == ["mine"]
    assert dict(core.alarms.counts) == {("foreign-rows", "aurora"): 2}
    assert caplog.messages == ["foreign-rows provider=aurora capability=inventory rows=2"]
    assert "party-of-another" not in caplog.text


async def test_providers_that_do_not_answer_are_named_on_every_later_page(core: Core, maria: Caller) -> None:
    customer = customer_of(maria)
    refs = await accounts_at(core, customer, "aurora", "granit", "nordnet", "unknown")
    aurora, granit = Holder("aurora"), Holder("granit")
    for day in range(3):
        aurora.holds(f"a{day}", refs["aurora"], JANUARY + timedelta(days=day))
    granit.failure = Unavailable("granit", "inventory", "down", retry_after_s=30)
    core = with_holders(core, Holders(aurora, granit, without=["nordnet"]))

    first = await list_products(core, maria, customer, 1, None)
    granit.failure = None
    second = await list_products(core, maria, customer, 1, first.page_info.end_cursor)
    aurora.failure = ContractBroken("aurora", "inventory", "nonsense")
    third = await list_products(core, maria, customer, 1, second.page_info.end_cursor)

    missing = [[each.provider.slug for each in page.unavailable_providers] for page in (first, second, third)]
    assert missing == [["granit"], ["granit"], ["granit", "aurora"]]
    assert first.unavailable_providers[0].retry_after == core.clock.now() + timedelta(seconds=30)
    assert third.edges == ()


async def test_a_customer_without_accounts_holds_nothing_and_nobody_is_asked(core: Core, maria: Caller) -> None:
    aurora = Holder("aurora")

    page = await list_products(with_holders(core, Holders(aurora)), maria, customer_of(maria), None, None)

    assert (page.edges, page.unavailable_providers, aurora.asked) == ((), (), [])


async def test_a_cursor_of_something_else_is_refused(core: Core, maria: Caller, lars: Caller) -> None:
    refs = await accounts_at(core, customer_of(maria), "aurora")
    await accounts_at(core, customer_of(lars), "aurora")
    aurora = Holder("aurora")
    aurora.holds("a", refs["aurora"], JANUARY)
    core = with_holders(core, Holders(aurora))
    cursor = (await list_products(core, maria, customer_of(maria), 1, None)).edges[0].cursor

    for caller, after in ((lars, cursor), (maria, cursor[:-3]), (maria, "nonsense"), (maria, "x" * 10_000)):
        with pytest.raises(RequestError) as caught:
            await list_products(core, caller, customer_of(caller), 1, after)
        assert [(each.code, each.field) for each in caught.value.problems] == [("BAD_CURSOR", ("after",))]


@pytest.mark.parametrize("first", [0, -1, 101])
async def test_a_page_has_one_to_a_hundred_rows(core: Core, maria: Caller, first: int) -> None:
    with pytest.raises(RequestError) as caught:
        await list_products(core, maria, customer_of(maria), first, None)

    assert caught.value.problems[0].code == "PAGE_SIZE"


@pytest.mark.requirement("S2", "S3")
async def test_nobody_and_strangers_see_no_products(core: Core, maria: Caller, lars: Caller) -> None:
    customer = customer_of(maria)
    refs = await accounts_at(core, customer, "aurora")
    aurora = Holder("aurora")
    product = aurora.holds("a", refs["aurora"], JANUARY)
    core = with_holders(core, Holders(aurora))

    with pytest.raises(AccessError):
        await list_products(core, Caller(), customer, None, None)
    with pytest.raises(RequestError) as caught:
        await list_products(core, lars, customer, None, None)

    assert caught.value.problems[0].code == "NOT_FOUND"
    assert await find_products(core, lars, customer, [product.id]) == {}
    assert await find_products(core, lars, customer_of(lars), [product.id]) == {}
    assert aurora.asked == []


async def test_products_are_found_by_id_with_one_read_a_provider(core: Core, maria: Caller) -> None:
    customer = customer_of(maria)
    refs = await accounts_at(core, customer, "aurora", "granit", "nordnet")
    aurora, granit, nordnet = Holder("aurora"), Holder("granit"), Holder("nordnet")
    mine = [aurora.holds("a1", refs["aurora"]), aurora.holds("a2", refs["aurora"]), granit.holds("g1", refs["granit"])]
    theirs = [aurora.holds("a3", "another"), nordnet.holds("n1", "another")]
    core = with_holders(core, Holders(aurora, granit, nordnet))
    ids = [each.id for each in (*mine, *theirs)] + ["nonsense", provider_id("Product", "elsewhere", "x")]

    found = await find_products(core, maria, customer, ids)

    assert set(found) == {each.id for each in mine}
    assert (aurora.asked, granit.asked, nordnet.asked) == (["products"], ["product g1"], ["product n1"])


async def test_a_product_of_a_provider_that_is_down_is_left_out(core: Core, maria: Caller) -> None:
    customer = customer_of(maria)
    refs = await accounts_at(core, customer, "aurora")
    aurora = Holder("aurora", failure=Unavailable("aurora", "inventory"))
    product = aurora.holds("a1", refs["aurora"])

    assert await find_products(with_holders(core, Holders(aurora)), maria, customer, [product.id]) == {}


async def test_the_role_and_the_labels_come_from_the_offering(core: Core, maria: Caller) -> None:
    customer = customer_of(maria)
    refs = await accounts_at(core, customer, "aurora")
    offering = ProductOffering(
        provider_id("ProductOffering", "aurora", "o"),
        "o",
        profile("aurora"),
        "Fibre",
        ProviderRole.NETWORK_OPERATOR,
        characteristics=(Characteristic("down", "Downstream", ("100",), "Mbit/s"),),
        fields=(OrderField("wifi", "Wi-Fi name", "product", TextConstraint(None, 30)),),
    )
    aurora = Holder("aurora")
    kept = tuple(Characteristic(name, name, ("1",)) for name in ("down", "wifi", "other"))
    aurora.holds("a", refs["aurora"], offering_id=offering.id, characteristics=kept)

    page = await list_products(with_holders(core, Holders(aurora, offerings=[offering])), maria, customer, None, None)

    product = page.edges[0].node
    assert product.role is ProviderRole.NETWORK_OPERATOR
    assert [(each.label, each.unit) for each in product.characteristics] == [
        ("Downstream", "Mbit/s"),
        ("Wi-Fi name", None),
        ("other", None),
    ]
