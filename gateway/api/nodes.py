"""Finds any object by its global id: public kinds for everyone, others as far as the caller may see them."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from gateway.api.context import Context
from gateway.domain.identity import own_key, type_of
from gateway.domain.members import Contact, Subscriber
from gateway.usecases import (
    billing,
    catalog,
    clients,
    engagement,
    inventory,
    invitations,
    members,
    own_sessions,
    parties,
    records,
    registrations,
)

LIMIT = 100
Find = Callable[[Context, str], Any]


async def find_node(context: Context, node_id: str) -> Any:
    """The object of that id; None for an unknown one, and for what the caller may not see."""
    find = _BY_TYPE.get(type_of(node_id) or "")
    found = find(context, node_id) if find else None
    return await found if isinstance(found, Awaitable) else found


def _provider(context: Context, node_id: str) -> Any:
    return context.core.directory.profile(own_key("Provider", node_id) or "")


def _category(context: Context, node_id: str) -> Any:
    found = context.loaders.category(own_key("Category", node_id) or "")
    return found if found.id == node_id and context.loaders.has_category(found.slug) else None


def _actor(context: Context, node_id: str) -> Any:
    actor = context.caller.actor
    return actor if actor and actor.id == node_id else None


def _customer(context: Context, node_id: str) -> Any:
    membership = context.caller.membership(node_id)
    return membership.customer if membership else None


async def _bundle(context: Context, node_id: str) -> Any:
    return await context.loaders.bundle(node_id)


def _signed_in(find: Find) -> Find:
    return lambda context, node_id: find(context, node_id) if context.caller.actor else None


async def _product(context: Context, node_id: str) -> Any:
    for membership in context.caller.actor.memberships if context.caller.actor else ():
        customer_id = membership.customer.id
        found = (await inventory.find_products(context.core, context.caller, customer_id, [node_id])).get(node_id)
        if found:
            context.loaders.keep_owner(customer_id, [found.id])
            return found
    return None


async def _bill(context: Context, node_id: str) -> Any:
    for membership in context.caller.actor.memberships if context.caller.actor else ():
        customer_id = membership.customer.id
        found = await billing.find_bill(context.core, context.caller, customer_id, node_id)
        if found:
            context.loaders.keep_owner(customer_id, [found.id])
            return found
    return None


_BY_TYPE: Mapping[str, Find] = {
    "ProductOffering": lambda context, node_id: catalog.find_offering(context.core, node_id),
    "Provider": _provider,
    "Category": _category,
    "Actor": _actor,
    "Customer": _customer,
    "Bundle": _signed_in(_bundle),
    "Order": _signed_in(lambda context, node_id: context.loaders.order(node_id)),
    "Product": _product,
    "Bill": _bill,
    "Notification": _signed_in(
        lambda context, node_id: engagement.find_notification(context.core, context.caller, node_id)
    ),
    "ServiceClient": lambda context, node_id: clients.find_client(context.core, context.caller, node_id),
    "ProviderRegistration": lambda context, node_id: registrations.find_registration(
        context.core, context.caller, node_id
    ),
    "Session": lambda context, node_id: own_sessions.find_session(context.core, context.caller, node_id),
    "Member": _signed_in(lambda context, node_id: members.find_member(context.core, context.caller, node_id)),
    "Invitation": _signed_in(
        lambda context, node_id: invitations.find_invitation(context.core, context.caller, node_id)
    ),
    "Contact": _signed_in(lambda context, node_id: records.find_record(context.core, context.caller, Contact, node_id)),
    "Subscriber": _signed_in(
        lambda context, node_id: records.find_record(context.core, context.caller, Subscriber, node_id)
    ),
    "Site": _signed_in(lambda context, node_id: parties.find_site(context.core, context.caller, node_id)),
}
