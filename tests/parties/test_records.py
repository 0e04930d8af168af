"""Contacts, subscribers and places: what a manager keeps, changes and takes away."""

from typing import Any

import pytest

from gateway.domain.errors import RequestError
from gateway.domain.members import Contact, ContactRole, Subscriber
from gateway.domain.parties import Address, Caller, MemberRole
from gateway.domain.security import SecurityEventKind
from gateway.usecases import parties, records
from gateway.usecases.core import Core
from gateway.usecases.records import ContactDetails, SubscriberDetails
from tests.holdings.holders import Holder, Holders, accounts_at, with_holders
from tests.parties.joining import customer, joined, kinds
from tests.samples import new_id

ANNA = ContactDetails("Anna", ContactRole.BILLING, "anna@example.com", "+46 70-174 06 05")
HOME = Address("Storgatan", "11122", "Stockholm", "SE", "1")


async def kept(core: Core, caller: Caller, kind: type[Any]) -> list[Any]:
    page = await records.list_records(core, caller, kind, customer(caller), None, None)
    return [edge.node for edge in page.edges]


@pytest.mark.requirement("P6")
async def test_a_contact_is_kept_changed_and_taken_away(core: Core, maria: Caller) -> None:
    made = await records.add_contact(core, maria, None, ANNA)
    changed = await records.update_contact(core, maria, made.id, ContactDetails(role=ContactRole.TECHNICAL, email=""))

    assert made == Contact(made.id, customer(maria), "Anna", ContactRole.BILLING, "anna@example.com", "+46701740605")
    assert changed == Contact(made.id, customer(maria), "Anna", ContactRole.TECHNICAL, None, "+46701740605")
    assert await kept(core, maria, Contact) == [changed]
    assert await records.remove_contact(core, maria, made.id) == made.id
    assert await kept(core, maria, Contact) == []
    assert await kinds(core, customer(maria)) == [SecurityEventKind.CUSTOMER_CHANGED] * 3


@pytest.mark.requirement("P6")
@pytest.mark.parametrize(
    ("wrong", "problem"),
    [
        ({"name": " "}, ("INVALID_NAME", ("name",))),
        ({"name": "x" * 201}, ("TOO_LONG", ("name",))),
        ({"email": "nonsense"}, ("INVALID_FORMAT", ("email",))),
        ({"phone": "0701740605"}, ("INVALID_PHONE", ("phone",))),
        ({"phone": "+46 1"}, ("INVALID_PHONE", ("phone",))),
        ({"phone": "x" * 1_000_000}, ("INVALID_PHONE", ("phone",))),
    ],
)
async def test_a_wrong_contact_is_refused_at_its_field(
    core: Core, maria: Caller, wrong: dict[str, Any], problem: tuple[str, tuple[str, ...]]
) -> None:
    made = await records.add_contact(core, maria, None, ANNA)

    for attempt in (
        records.add_contact(core, maria, None, ContactDetails(**{"name": "Erik", **wrong})),
        records.update_contact(core, maria, made.id, ContactDetails(**wrong)),
    ):
        with pytest.raises(RequestError) as caught:
            await attempt
        assert [(each.code, each.field) for each in caught.value.problems] == [problem]

    assert await kept(core, maria, Contact) == [made]


@pytest.mark.requirement("P6")
async def test_a_subscriber_uses_the_customers_own_products_and_numbers(core: Core, maria: Caller) -> None:
    refs = await accounts_at(core, customer(maria), "nord")
    holder = Holder("nord")
    own, anothers = holder.holds("p-1", refs["nord"]), holder.holds("p-2", "somebody")
    core = with_holders(core, Holders(holder))
    given = SubscriberDetails("Erik", (own.id, own.id), ("+46701740605", "+46 70 174 06 05"))

    made = await records.add_subscriber(core, maria, None, given)
    strange = (own.id, anothers.id, new_id("Product"), "nonsense")
    with pytest.raises(RequestError) as caught:
        await records.add_subscriber(core, maria, None, SubscriberDetails("Anna", strange))

    assert made == Subscriber(made.id, customer(maria), "Erik", (own.id,), ("+46701740605",))
    missing = [("NOT_FOUND", ("productIds", str(at))) for at in (1, 2, 3)]
    assert [(each.code, each.field) for each in caught.value.problems] == missing
    assert await kept(core, maria, Subscriber) == [made]


@pytest.mark.requirement("P6")
async def test_a_subscriber_is_changed_and_taken_away(core: Core, maria: Caller) -> None:
    made = await records.add_subscriber(core, maria, None, SubscriberDetails("Erik", None, ("+46701740605",)))

    changed = await records.update_subscriber(core, maria, made.id, SubscriberDetails("Erik A", numbers=()))

    assert changed == Subscriber(made.id, customer(maria), "Erik A")
    with pytest.raises(RequestError) as caught:
        await records.update_subscriber(core, maria, made.id, SubscriberDetails(numbers=("+46701740605", "1")))
    assert [(each.code, each.field) for each in caught.value.problems] == [("INVALID_PHONE", ("numbers", "1"))]
    assert await kept(core, maria, Subscriber) == [changed]
    assert await records.remove_subscriber(core, maria, made.id) == made.id
    assert await kept(core, maria, Subscriber) == []


@pytest.mark.requirement("S3")
async def test_the_record_is_the_managers_alone(core: Core, maria: Caller, lars: Caller) -> None:
    made = await records.add_contact(core, maria, None, ANNA)
    anna = await joined(core, customer(maria), "anna", MemberRole.AUTHORIZED_USER)

    for caller, code in ((Caller(), "UNAUTHENTICATED"), (lars, "NOT_FOUND"), (anna, "FORBIDDEN")):
        for attempt in (
            records.list_records(core, caller, Contact, customer(maria), None, None),
            records.add_contact(core, caller, customer(maria), ANNA),
            records.update_contact(core, caller, made.id, ANNA),
            records.remove_contact(core, caller, made.id),
            records.add_subscriber(core, caller, customer(maria), SubscriberDetails("Erik")),
        ):
            with pytest.raises(RequestError) as caught:
                await attempt
            assert caught.value.problems[0].code == code
        assert await records.find_record(core, caller, Contact, made.id) is None

    assert await kept(core, maria, Contact) == [made]
    assert await kept(core, maria, Subscriber) == []


async def test_a_page_of_contacts_goes_on_after_its_cursor(core: Core, maria: Caller) -> None:
    made = [await records.add_contact(core, maria, None, ContactDetails(f"No {number}")) for number in range(3)]

    first = await records.list_records(core, maria, Contact, customer(maria), 2, None)
    rest = await records.list_records(core, maria, Contact, customer(maria), 2, first.page_info.end_cursor)

    assert [edge.node for edge in (*first.edges, *rest.edges)] == made
    assert (first.page_info.has_next_page, rest.page_info.has_next_page) == (True, False)
    with pytest.raises(RequestError, match="BAD_CURSOR"):
        await records.list_records(core, maria, Subscriber, customer(maria), 2, first.page_info.end_cursor)


async def test_a_customer_keeps_at_most_a_hundred_contacts(core: Core, maria: Caller) -> None:
    for number in range(records.CONTACTS_PER_CUSTOMER):
        await records.add_contact(core, maria, None, ContactDetails(f"No {number}"))

    with pytest.raises(RequestError, match="TOO_MANY_CONTACTS"):
        await records.add_contact(core, maria, None, ANNA)


@pytest.mark.requirement("P6")
async def test_a_place_is_changed_and_taken_away_and_a_bundle_keeps_its_address(core: Core, maria: Caller) -> None:
    site = await parties.add_site(core, maria, None, "Home", HOME)
    place = await parties.resolve_place(core, maria, None, site.id)
    moved = Address("Lilla gatan", "11122", "Stockholm", "SE", "2")

    changed = await parties.update_site(core, maria, site.id, " Office ", moved)

    assert (changed.name, changed.address) == ("Office", moved)
    assert await parties.list_sites(core, maria, customer(maria)) == [changed]
    assert place.address == HOME
    assert await parties.remove_site(core, maria, site.id) == site.id
    assert await parties.list_sites(core, maria, customer(maria)) == []


@pytest.mark.requirement("S3")
async def test_anothers_place_is_neither_changed_nor_taken_away(core: Core, maria: Caller, lars: Caller) -> None:
    site = await parties.add_site(core, maria, None, "Home", HOME)
    erik = await joined(core, customer(maria), "erik", MemberRole.SERVICE_USER)

    for caller, code in ((Caller(), "UNAUTHENTICATED"), (lars, "NOT_FOUND"), (erik, "NOT_FOUND")):
        for attempt in (
            parties.update_site(core, caller, site.id, "Mine", None),
            parties.remove_site(core, caller, site.id),
        ):
            with pytest.raises(RequestError) as caught:
                await attempt
            assert caught.value.problems[0].code == code
    with pytest.raises(RequestError, match="INVALID_NAME"):
        await parties.update_site(core, maria, site.id, " ", None)

    assert await parties.list_sites(core, maria, customer(maria)) == [site]
