"""People with something kept of them, and what they ask for."""

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from gateway.domain.members import Contact, ContactRole, Invitation, Member, Subscriber
from gateway.domain.ordering.orders import Cancellation, Failure, Order
from gateway.domain.ordering.states import CancellationState, OrderState
from gateway.domain.parties import Actor, Address, MemberRole, Place, Site
from gateway.ports import NewEvent
from gateway.ports.mails import MailKind
from gateway.storage import tables
from gateway.usecases.mails import tell_by_mail
from tests.auth.server import MARIA, SIGN_IN, Answer, Running
from tests.clock import NOON
from tests.samples import a_bundle, an_order, new_id
from tests.security.recording import recorded

ACCOUNT, CUSTOMER, EXPORT = "/auth/account", "/auth/customer", "/auth/personal-data"
PROOF = {"password": MARIA["password"]}
DEVICE = {"user-agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"}
STREET, PHONE, WISH, REASON = "Krukmakargatan", "+46701740605", "next to the blue door", "moving to Umbria"
PLANTED = ("maria", "example.com", "Maria's household", STREET, PHONE, WISH, REASON, "Firefox")


async def signed_up(server: Running, name: str = "maria", **other: Any) -> tuple[str, str]:
    """The ids of the actor and of the customer."""
    answer = await server.client.post("/auth/accounts", {**MARIA, "username": name, **other})
    assert answer.status == 201
    return answer.body["actorId"], answer.body["customerId"]


async def signed_in(server: Running, name: str = "maria", **other: str) -> dict[str, str]:
    """The headers of a new session."""
    answer = await server.client.post("/auth/session", {**SIGN_IN, "username": name, **other}, DEVICE)
    assert answer.status == 200, answer.body
    return {"authorization": f"Bearer {answer.body['access_token']}"}


async def erase(server: Running, headers: Mapping[str, str], **proof: str) -> Answer:
    return await server.client.send("DELETE", ACCOUNT, {**PROOF, **proof}, headers)


async def export(server: Running, headers: Mapping[str, str], customer: str | None = None) -> Answer:
    return await server.client.send("GET", EXPORT + (f"?customerId={customer}" if customer else ""), None, headers)


async def close(server: Running, customer_id: str) -> None:
    """As `closeCustomer` does it, whose conditions have tests of their own."""
    async with server.parts.core.storage.writing() as unit:
        await unit.members.close(customer_id, NOON)


async def join(server: Running, actor_id: str, customer_id: str, role: MemberRole) -> None:
    async with server.parts.core.storage.writing() as unit:
        member = Member(new_id("Member"), customer_id, Actor(actor_id, ""), role, NOON)
        assert await unit.members.add(member)


async def furnish(server: Running, actor_id: str, customer_id: str) -> str:
    """Keeps one of everything of the customer's and of its manager's; returns the order's id."""
    place = Place(Address(STREET, "11122", "Stockholm", "SE", "1"))
    order = _ended(dataclasses.replace(an_order(customer_id), place=place, placed_by=actor_id))
    bundle = dataclasses.replace(a_bundle(customer_id), name="For Maria", place=place)
    invitation = Invitation(
        new_id("Invitation"), customer_id, MemberRole.SERVICE_USER, NOON, NOON, actor_id, "digest", MARIA["email"]
    )
    async with server.parts.core.storage.writing() as unit:
        await unit.records.add(
            Contact(new_id("Contact"), customer_id, "Mum", ContactRole.GENERAL, MARIA["email"], PHONE)
        )
        await unit.records.add(Subscriber(new_id("Subscriber"), customer_id, "Mum", (), (PHONE,)))
        await unit.accounts.add_site(Site(new_id("Site"), customer_id, "Maria's home", place.address))
        await unit.invitations.add(invitation)
        await unit.bundles.add(bundle)
        await unit.orders.add(order)
        told = NewEvent("OrderItemStateChanged", order.items[0].id, Failure("PROVIDER_REJECTED", {"reason": WISH}))
        await unit.orders.save(await unit.events.append(order, [told], NOON))
        profile = await unit.accounts.profile(actor_id)
        assert profile is not None
        await tell_by_mail(unit, server.parts.core, profile, MailKind.PASSWORD_CHANGED, "en")
    return order.id


def _ended(order: Order) -> Order:
    failure = Failure("PROVIDER_REJECTED", {"reason": WISH}, f"not for {WISH}")
    items = tuple(dataclasses.replace(each, values={"note": (WISH,)}, failure=failure) for each in order.items)
    cancellation = Cancellation(new_id("Cancellation"), order.id, CancellationState.DONE, NOON, REASON)
    return dataclasses.replace(order, state=OrderState.CANCELLED, items=items, cancellations=(cancellation,))


async def counts(server: Running) -> dict[str, int]:
    """How many rows each table has that is not empty; but for the security events, which only grow."""
    storage, found = server.parts.core.storage, {}
    async with storage.reading() as unit:
        for table in tables.metadata.sorted_tables:
            row = await unit.accounts._rows.first(select(func.count()).select_from(table))  # type: ignore[attr-defined]
            found[table.name] = row[0]
    return {name: count for name, count in found.items() if count and not name.startswith("security_")}


def found_in(folder: Path, texts: tuple[str, ...] = PLANTED) -> list[tuple[str, str]]:
    """Which of the texts stand in which of the database's files, byte for byte."""
    files = {path.name: path.read_bytes().lower() for path in folder.glob("gateway.db*")}
    return [(name, text) for name, content in files.items() for text in texts if text.lower().encode() in content]


async def erased_events(server: Running) -> list[tuple[str | None, str | None, dict[str, str]]]:
    events = await recorded(server.parts.core.storage)
    return [(each.actor_id, each.subject, dict(each.params)) for each in events if each.kind == "ERASED"]
