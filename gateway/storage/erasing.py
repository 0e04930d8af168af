"""Takes persons out of the rows; ids stay, so that what refers to them holds."""

import dataclasses
import json
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Table, delete, func, or_, select, update

from gateway.domain.credentials import NO_PASSWORD
from gateway.domain.members import Contact, Invitation, InvitationState
from gateway.domain.ordering.bundles import Bundle
from gateway.domain.ordering.orders import Failure, Order, OrderItem
from gateway.domain.parties import ProviderAccountState
from gateway.storage import tables
from gateway.storage.columns import from_json, to_json
from gateway.storage.ids import ACTOR, own_id
from gateway.storage.personal_sections import mentions
from gateway.storage.rows import Rows

T = TypeVar("T")

ERASED_NAME = "erased"
"""What an account or a customer is called that has no name any more."""

_OF_ACTOR = (
    tables.actor_email,
    tables.one_time_password,
    tables.recovery_code,
    tables.sign_in_challenge,
    tables.password_reset,
    tables.issuer_link,
    tables.session,
)
_OF_CUSTOMER = (
    tables.contact,
    tables.subscriber,
    tables.site,
    tables.notification,
    tables.idempotency,
    tables.invitation,
    tables.enabled_function,
)


async def erase_actor(rows: Rows, key: str, customers: Sequence[str], at: datetime) -> None:
    """See ports.PersonalData."""
    actor = tables.actor.c
    row = await rows.first(select(actor.username_folded, actor.username).where(actor.key == key).with_for_update())
    if row is None:
        return
    emails = await _emails(rows, key)
    await _drop_codes(rows, key)
    await _drop_requests(rows, row.username_folded, emails)
    await _forget_invited(rows, key, emails, at)
    await _forget_entries(rows, customers, emails, row.username_folded)
    # No username has a blank in it: the name is free, and nobody else's can be this one.
    named = {"username": ERASED_NAME, "username_folded": f"{ERASED_NAME} {key}"}
    gone = {**named, "password_hash": NO_PASSWORD, "is_operator": False, "erased_at": at}
    await rows.run(update(tables.actor).where(actor.key == key).values(gone))
    for table in (*_OF_ACTOR, tables.membership):
        await rows.run(delete(table).where(table.c.actor == key))


async def _emails(rows: Rows, key: str) -> Sequence[str]:
    column = tables.actor_email.c
    return [row.email_folded for row in await rows.all(select(column.email_folded).where(column.actor == key))]


async def _drop_codes(rows: Rows, key: str) -> None:
    """Sign-ins by the identity provider that were not completed."""
    link, code = tables.issuer_link.c, tables.issuer_code.c
    for row in await rows.all(select(link.issuer, link.subject).where(link.actor == key)):
        is_theirs = (code.issuer == row.issuer) & (code.subject == row.subject)
        await rows.run(delete(tables.issuer_code).where(is_theirs))


async def _drop_requests(rows: Rows, username: str, emails: Sequence[str]) -> None:
    asked = tables.reset_request.c
    is_theirs = or_(func.lower(asked.username) == username, func.lower(asked.email).in_(list(emails)))
    await rows.run(delete(tables.reset_request).where(is_theirs))


async def _forget_invited(rows: Rows, key: str, emails: Sequence[str], at: datetime) -> None:
    """Of an invitation to the person the address goes, and with it what it is good for."""
    column, accepted = tables.invitation.c, mentions(tables.invitation, "accepted_by", own_id(ACTOR, key))
    is_theirs = or_(accepted, *(mentions(tables.invitation, "email", each) for each in emails))
    for row in await rows.all(select(column.key, column.body).where(is_theirs).with_for_update()):
        invitation = dataclasses.replace(from_json(row.body, Invitation), email=None)
        if invitation.state is InvitationState.PENDING:
            invitation = dataclasses.replace(invitation, state=InvitationState.WITHDRAWN, ended_at=at)
        values = {"state": invitation.state, "body": to_json(invitation)}
        await rows.run(update(tables.invitation).where(column.key == row.key).values(values))


async def _forget_entries(rows: Rows, customers: Sequence[str], emails: Sequence[str], username: str) -> None:
    """The contacts and subscribers that are this person's, at the customers that the person is a member of.

    Elsewhere an address proves nothing: nobody verified it.
    """
    contact = tables.contact
    is_named = [mentions(contact, "name", username), *(mentions(contact, "email", each) for each in emails)]
    found = select(contact.c.key, contact.c.body).where(contact.c.customer.in_(customers), or_(*is_named))
    rows_found = await rows.all(found)
    phones = [phone for row in rows_found if (phone := from_json(row.body, Contact).phone)]
    await rows.run(delete(contact).where(contact.c.key.in_([row.key for row in rows_found])))
    subscriber = tables.subscriber
    has_number = [subscriber.c.body.contains(json.dumps(each), autoescape=True) for each in phones]
    is_theirs = or_(mentions(subscriber, "name", username), *has_number)
    await rows.run(delete(subscriber).where(subscriber.c.customer.in_(customers), is_theirs))


async def erase_customer(rows: Rows, key: str, at: datetime) -> bool:
    """See ports.PersonalData."""
    customer = tables.customer.c
    bundle, order, item, event = tables.bundle, tables.order, tables.order_item, tables.order_event
    is_due = (customer.key == key) & customer.closed_at.is_not(None) & customer.erased_at.is_(None)
    if await rows.run(update(tables.customer).where(is_due).values(name=ERASED_NAME, erased_at=at)) == 0:
        return False
    for table in _OF_CUSTOMER:
        await rows.run(delete(table).where(table.c.customer == key))
    linked = await _drop_linked(rows, key)
    await _rewrite(rows, bundle, bundle.c.customer == key, Bundle, _without_person)
    await _rewrite(rows, order, order.c.customer == key, Order, _without_place)
    orders = select(order.c.key).where(order.c.customer == key)
    await _rewrite(rows, item, item.c.order.in_(orders), OrderItem, lambda each: _without_values(each, linked))
    await rows.run(update(event).where(event.c.customer == key).values(reason=None, params=None))
    await rows.run(
        update(tables.order_step).where(tables.order_step.c.order.in_(orders)).values(detail="", inputs="{}")
    )
    return True


async def _drop_linked(rows: Rows, key: str) -> frozenset[str]:
    """The customer's own numbers at providers; what the gateway itself made up tells of nobody."""
    account = tables.provider_account
    is_linked = (account.c.customer == key) & (account.c.state != ProviderAccountState.PSEUDONYMOUS)
    found = await rows.all(delete(account).where(is_linked).returning(account.c.ref))
    return frozenset(row.ref for row in found)


async def _rewrite(
    rows: Rows, table: Table, which: ColumnElement[bool], kind: type[T], change: Callable[[T], T]
) -> None:
    for row in await rows.all(select(table.c.key, table.c.body).where(which).with_for_update()):
        values: dict[str, Any] = {"body": to_json(change(from_json(row.body, kind)))}
        await rows.run(update(table).where(table.c.key == row.key).values(values))


def _without_person(bundle: Bundle) -> Bundle:
    items = tuple(dataclasses.replace(each, values={}) for each in bundle.items)
    return dataclasses.replace(bundle, name=None, place=None, items=items)


def _without_place(order: Order) -> Order:
    cancellations = tuple(dataclasses.replace(each, reason=None, refusals=()) for each in order.cancellations)
    return dataclasses.replace(order, place=None, cancellations=cancellations)


def _without_values(item: OrderItem, linked: frozenset[str]) -> OrderItem:
    """What was ordered, and what became of it; no free words, which may tell of anybody."""
    failure = Failure(item.failure.code) if item.failure else None
    hold = dataclasses.replace(item.hold, params={}) if item.hold else None
    party = "" if item.party in linked else item.party
    return dataclasses.replace(item, values={}, failure=failure, hold=hold, party=party)
