"""Which rows are whose, and how they are shown to whom they are about."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, Table, func, or_, select

from gateway.storage import tables
from gateway.storage.ids import (
    ACTOR,
    AUTHORIZATION,
    BUNDLE,
    CONTACT,
    CUSTOMER,
    ENABLED_FUNCTION,
    INVITATION,
    MEMBER,
    NOTIFICATION,
    ORDER,
    ORDER_EVENT,
    ORDER_ITEM,
    SECURITY_EVENT,
    SITE,
    SUBSCRIBER,
)

NOT_PERSONAL: Mapping[str, str] = {
    "agreement": "between providers",
    "agreement_party": "between providers",
    "change_count": "counts",
    "executor": "processes",
    "health_count": "of providers",
    "health_event": "of providers",
    "issuer_code": "for a minute, with nothing but the subject of the link",
    "issuer_logout": "random ids of a day",
    "mail": "sealed: found by who can open it",
    "order_step": "calls to providers, in words for operators; what came of them is the order's events",
    "password_reset": "a digest for half an hour",
    "provider_registration": "of providers",
    "recovery_code": "digests",
    "refresh_token": "digests",
    "registration_event": "of providers",
    "security_head": "counts",
    "service_client": "of programs",
}
"""The tables that no part is of, and why."""


@dataclass(frozen=True, slots=True)
class Part:
    """Rows of one kind in an order of their own, and what type of thing they are."""

    statement: Select[Any]
    type_name: str | None = None
    hidden: frozenset[str] = frozenset()


def mentions(table: Table, name: str, text: str) -> ColumnElement[bool]:
    """Whether the body has that text under that name, in whatever case."""
    sought = f"{json.dumps(name)}:{json.dumps(text, ensure_ascii=False)}"
    return func.lower(table.c.body).contains(sought.lower(), autoescape=True)


def _mentions_any(table: Table, emails: Sequence[str]) -> ColumnElement[bool]:
    return or_(table.c.key == "", *(mentions(table, "email", each) for each in emails))


def actor_parts(key: str, actor_id: str, emails: Sequence[str]) -> Mapping[str, Part]:
    """What is kept of the actor of that key, which is that of the id too."""
    return {
        "accounts": Part(select(tables.actor).where(tables.actor.c.key == key), ACTOR),
        "emails": _whose(tables.actor_email, key),
        "sessions": _whose(tables.session, key, "Session"),
        "issuerSessions": _issuer_sessions(key),
        "issuerLinks": _whose(tables.issuer_link, key),
        "oneTimePasswords": _whose(tables.one_time_password, key),
        "signInChallenges": _whose(tables.sign_in_challenge, key),
        "passwordResetRequests": _asked(key, emails),
        "memberships": _whose(tables.membership, key, MEMBER),
        "authorizations": _whose(tables.authorization, key, AUTHORIZATION),
        "enabledFunctions": _whose(tables.enabled_function, key, ENABLED_FUNCTION),
        "invitationsToYou": _invited(actor_id, emails),
        "contactEntriesOfYou": _contact_entries(key, emails),
        "ordersPlaced": _placed(key),
        **_security_events(actor_id),
    }


def _whose(table: Table, key: str, type_name: str | None = None) -> Part:
    return Part(select(table).where(table.c.actor == key).order_by(*table.primary_key), type_name)


def _issuer_sessions(key: str) -> Part:
    session = tables.issuer_session
    statement = select(session).join(tables.session).where(tables.session.c.actor == key)
    return Part(statement.order_by(session.c.session))


def _asked(key: str, emails: Sequence[str]) -> Part:
    request, actor = tables.reset_request.c, tables.actor.c
    folded = select(actor.username_folded).where(actor.key == key)
    is_theirs = or_(func.lower(request.username).in_(folded), func.lower(request.email).in_(list(emails)))
    statement = select(tables.reset_request).where(is_theirs).order_by(request.key)
    return Part(statement, None, frozenset({"key"}))


def _invited(actor_id: str, emails: Sequence[str]) -> Part:
    invitation = tables.invitation
    is_theirs = or_(_mentions_any(invitation, emails), mentions(invitation, "accepted_by", actor_id))
    return Part(select(invitation).where(is_theirs).order_by(invitation.c.key), INVITATION)


def _contact_entries(key: str, emails: Sequence[str]) -> Part:
    """At the customers of the person's: elsewhere an address proves nothing, since nobody verified it."""
    contact, member = tables.contact, tables.membership.c
    theirs = contact.c.customer.in_(select(member.customer).where(member.actor == key))
    return Part(select(contact).where(theirs, _mentions_any(contact, emails)).order_by(contact.c.key), CONTACT)


def _placed(key: str) -> Part:
    order = tables.order.c
    columns = (order.key, order.customer, order.state, order.placed_at, order.authorization, order.cost)
    return Part(select(*columns).where(order.placed_by == key).order_by(order.key), ORDER)


def _security_events(actor_id: str) -> Mapping[str, Part]:
    event = tables.security_event.c
    own = select(tables.security_event).where(event.actor == actor_id).order_by(event.seq)
    is_others = or_(event.actor.is_(None), event.actor != actor_id)
    others = select(tables.security_event).where(event.subject == actor_id, is_others).order_by(event.seq)
    # The network address is that of who did it.
    hidden = frozenset({"address"})
    return {
        "securityEvents": Part(own, SECURITY_EVENT),
        "securityEventsAboutYou": Part(others, SECURITY_EVENT, hidden),
    }


def _of_customer(
    table: Table, type_name: str | None = None, hidden: frozenset[str] = frozenset()
) -> Callable[[str], Part]:
    def part(key: str) -> Part:
        statement = select(table).where(table.c.customer == key).order_by(*table.primary_key)
        return Part(statement, type_name, hidden)

    return part


def _customer(key: str) -> Part:
    return Part(select(tables.customer).where(tables.customer.c.key == key), CUSTOMER)


def _members(key: str) -> Part:
    member = tables.membership.c
    statement = select(*member, tables.actor.c.username).join_from(tables.membership, tables.actor)
    return Part(statement.where(member.customer == key).order_by(member.key), MEMBER)


def _items(key: str) -> Part:
    item = tables.order_item
    statement = select(item).join(tables.order).where(tables.order.c.customer == key)
    return Part(statement.order_by(item.c.order, item.c.position), ORDER_ITEM)


def _events(key: str) -> Part:
    event = tables.order_event
    return Part(select(event).where(event.c.customer == key).order_by(event.c.customer_seq), ORDER_EVENT)


CUSTOMER_PARTS: Mapping[str, Callable[[str], Part]] = {
    "customers": _customer,
    "members": _members,
    "invitations": _of_customer(tables.invitation, INVITATION),
    "contacts": _of_customer(tables.contact, CONTACT),
    "subscribers": _of_customer(tables.subscriber, SUBSCRIBER),
    "sites": _of_customer(tables.site, SITE),
    "grantedAuthorizations": _of_customer(tables.authorization, AUTHORIZATION),
    "functionsEnabled": _of_customer(tables.enabled_function, ENABLED_FUNCTION),
    "providerAccounts": _of_customer(tables.provider_account),
    "bundles": _of_customer(tables.bundle, BUNDLE),
    "orders": _of_customer(tables.order, ORDER, frozenset({"items"})),
    "orderItems": _items,
    "orderEvents": _events,
    "idempotencyKeys": _of_customer(tables.idempotency),
    "notifications": _of_customer(tables.notification, NOTIFICATION),
}
"""What is kept of a customer, each by its key."""

ACTOR_KINDS = tuple(actor_parts("", "", ()))
