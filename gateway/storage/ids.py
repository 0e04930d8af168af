"""Between global ids, which the core speaks, and the raw UUIDs of the tables' keys."""

import re

from uuid_utils import uuid7

from gateway.domain.identity import own_id, own_key

ACTOR = "Actor"
AGREEMENT = "Agreement"
AUTHORIZATION = "Authorization"
BUNDLE = "Bundle"
CONTACT = "Contact"
CUSTOMER = "Customer"
ENABLED_FUNCTION = "EnabledFunction"
HEALTH_EVENT = "ProviderHealthEvent"
INVITATION = "Invitation"
MEMBER = "Member"
NOTIFICATION = "Notification"
ORDER = "Order"
ORDER_EVENT = "OrderEvent"
ORDER_ITEM = "OrderItem"
REGISTRATION = "ProviderRegistration"
REGISTRATION_EVENT = "RegistrationEvent"
SECURITY_EVENT = "SecurityEvent"
SERVICE_CLIENT = "ServiceClient"
SITE = "Site"
SUBSCRIBER = "Subscriber"

_UUID = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def new_key() -> str:
    """A new UUIDv7: keys made later sort later, so that an index grows at its end."""
    return str(uuid7())


def raw(type_name: str, global_id: str) -> str:
    """The raw key of an id that the gateway made itself. Raises: ValueError for any other: a fault of the caller's."""
    key = own_key(type_name, global_id)
    if key is None:
        raise ValueError(f"not the id of a {type_name}: {global_id!r}")
    return key


def sought(type_name: str, global_id: str) -> str:
    """The raw key of an id that came from outside; one that can't be ours (PostgreSQL takes no NUL) is of nothing."""
    key = own_key(type_name, global_id) or ""
    return key if _UUID.fullmatch(key) else ""


__all__ = [
    "ACTOR",
    "AGREEMENT",
    "AUTHORIZATION",
    "BUNDLE",
    "CONTACT",
    "CUSTOMER",
    "ENABLED_FUNCTION",
    "HEALTH_EVENT",
    "INVITATION",
    "MEMBER",
    "NOTIFICATION",
    "ORDER",
    "ORDER_EVENT",
    "ORDER_ITEM",
    "REGISTRATION",
    "REGISTRATION_EVENT",
    "SECURITY_EVENT",
    "SERVICE_CLIENT",
    "SITE",
    "SUBSCRIBER",
    "new_key",
    "own_id",
    "raw",
    "sought",
]
