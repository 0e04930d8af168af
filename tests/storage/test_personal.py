"""What is kept of a person, handed out and erased, on each database."""

import dataclasses

from gateway.domain.members import Contact, ContactRole, Invitation, Subscriber
from gateway.domain.parties import Address, MemberRole, Place, Site
from gateway.ports import NewEvent
from gateway.storage import SqlStorage
from tests.clock import NOON
from tests.samples import a_bundle, an_account, an_order, new_id

PLACE = Place(Address("100%_Street", "11122", "Stockholm", "SE"))


async def _kept(storage: SqlStorage) -> tuple[str, str]:
    account = an_account(email="Maria_100%@example.com")
    actor, customer = account.actor_id, account.customer_id or ""
    invitation = Invitation(
        new_id("Invitation"), customer, MemberRole.SERVICE_USER, NOON, NOON, actor, "d", account.email
    )
    order = dataclasses.replace(an_order(customer), place=PLACE, placed_by=actor)
    async with storage.writing() as unit:
        await unit.accounts.add(account)
        await unit.invitations.add(invitation)
        await unit.records.add(Contact(new_id("Contact"), customer, "Mum", ContactRole.GENERAL, account.email, "+4670"))
        await unit.records.add(
            Contact(new_id("Contact"), customer, "Dad", ContactRole.GENERAL, "mariax100y@example.com")
        )
        await unit.records.add(Subscriber(new_id("Subscriber"), customer, "Mum", (), ("+4670",)))
        await unit.accounts.add_site(Site(new_id("Site"), customer, "Home", PLACE.address))
        await unit.bundles.add(dataclasses.replace(a_bundle(customer), place=PLACE))
        await unit.orders.add(order)
        await unit.orders.save(await unit.events.append(order, [NewEvent("OrderStateChanged")], NOON))
    return actor, customer


async def _rows(storage: SqlStorage, actor: str, customer: str) -> dict[str, int]:
    """How many of each kind there are."""
    async with storage.reading() as unit:
        data = unit.personal_data
        emails = await unit.members.emails(actor)
        found = {kind: len(await data.of_actor(actor, emails, kind, 0, 10)) for kind in data.actor_kinds}
        found |= {kind: len(await data.of_customer(customer, kind, 0, 10)) for kind in data.customer_kinds}
    return {kind: count for kind, count in found.items() if count}


async def test_a_person_and_then_the_closed_customer_are_erased(storage: SqlStorage) -> None:
    actor, customer = await _kept(storage)
    before = await _rows(storage, actor, customer)

    async with storage.writing() as unit:
        await unit.personal_data.erase_actor(actor, [customer], NOON)
    without_person = await _rows(storage, actor, customer)
    async with storage.writing() as unit:
        open_still = await unit.personal_data.erase_customer(customer, NOON)
        await unit.members.close(customer, NOON)
        done = [await unit.personal_data.erase_customer(customer, NOON) for _ in range(2)]

    person = {"accounts": 1, "emails": 1, "memberships": 1, "invitationsToYou": 1, "contactEntriesOfYou": 1}
    record = {"invitations": 1, "sites": 1, "subscribers": 1, "contacts": 2, "members": 1}
    ordered = {"ordersPlaced": 1, "customers": 1, "bundles": 1, "orders": 1, "orderItems": 2, "orderEvents": 1}
    assert before == {**person, **record, **ordered}
    assert without_person == {"accounts": 1, **ordered, "invitations": 1, "sites": 1, "contacts": 1}
    assert (open_still, done) == (False, [True, False])
    assert await _rows(storage, actor, customer) == {"accounts": 1, **ordered}
    async with storage.reading() as unit:
        (order,) = await unit.orders.page(customer, 10, None)
        assert (await unit.accounts.actor(actor), await unit.accounts.credentials("maria")) == (None, None)
        assert (await unit.personal_data.is_erased(actor), await unit.personal_data.keeps_customer(customer)) == (
            True,
            False,
        )
    assert (order.place, [each.values for each in order.items]) == (None, [{}, {}])
