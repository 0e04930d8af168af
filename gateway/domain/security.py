"""What is told of the gateway's security: who signed in, what was refused, what was changed (ITU-T M.3345, 7.2)."""

import binascii
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from ipaddress import IPv6Address, ip_address, ip_network

from gateway.domain.errors import RequestError


class SecurityEventKind(StrEnum):
    """What happened. A kind is never renamed: its name is part of what the chain's digests are over."""

    ACCESS_REFUSED = "ACCESS_REFUSED"
    ADDRESSES_ERASED = "ADDRESSES_ERASED"
    AGREEMENT_CHANGED = "AGREEMENT_CHANGED"
    ALARM = "ALARM"
    AUTHORIZATION_CHANGED = "AUTHORIZATION_CHANGED"
    AUTHORIZATION_GRANTED = "AUTHORIZATION_GRANTED"
    AUTHORIZATION_REVOKED = "AUTHORIZATION_REVOKED"
    CHAIN_BROKEN = "CHAIN_BROKEN"
    CLIENT_ADDED = "CLIENT_ADDED"
    CLIENT_ENDED = "CLIENT_ENDED"
    CLIENT_REFUSED = "CLIENT_REFUSED"
    CLIENT_ROTATED = "CLIENT_ROTATED"
    CUSTOMER_CHANGED = "CUSTOMER_CHANGED"
    CUSTOMER_CLOSED = "CUSTOMER_CLOSED"
    DATABASE_UPGRADED = "DATABASE_UPGRADED"
    EVENTS_EXPORTED = "EVENTS_EXPORTED"
    EVENTS_REMOVED = "EVENTS_REMOVED"
    ERASED = "ERASED"
    FUNCTION_DISABLED = "FUNCTION_DISABLED"
    FUNCTION_ENABLED = "FUNCTION_ENABLED"
    IDENTITY_LINKED = "IDENTITY_LINKED"
    IDENTITY_UNLINKED = "IDENTITY_UNLINKED"
    INVITATION_ACCEPTED = "INVITATION_ACCEPTED"
    INVITATION_MADE = "INVITATION_MADE"
    INVITATION_REFUSED = "INVITATION_REFUSED"
    INVITATION_WITHDRAWN = "INVITATION_WITHDRAWN"
    ISSUER_LOGOUT = "ISSUER_LOGOUT"
    KEYS_CHANGED = "KEYS_CHANGED"
    ONE_TIME_CODE_REFUSED = "ONE_TIME_CODE_REFUSED"
    ONE_TIME_PASSWORD_OFF = "ONE_TIME_PASSWORD_OFF"  # noqa: S105
    ONE_TIME_PASSWORD_ON = "ONE_TIME_PASSWORD_ON"  # noqa: S105
    MANAGEMENT_HANDED_OVER = "MANAGEMENT_HANDED_OVER"
    MEMBER_LEFT = "MEMBER_LEFT"
    MEMBER_REMOVED = "MEMBER_REMOVED"
    MEMBER_ROLE_CHANGED = "MEMBER_ROLE_CHANGED"
    ORDER_CANCELLED = "ORDER_CANCELLED"
    ORDER_GIVEN_UP = "ORDER_GIVEN_UP"
    ORDER_ITEM_RETRIED = "ORDER_ITEM_RETRIED"
    ORDER_ITEM_SKIPPED = "ORDER_ITEM_SKIPPED"
    ORDER_PLACED = "ORDER_PLACED"
    PASSWORD_CHANGED = "PASSWORD_CHANGED"  # noqa: S105
    PASSWORD_CHECK_REFUSED = "PASSWORD_CHECK_REFUSED"  # noqa: S105
    PASSWORD_RESET = "PASSWORD_RESET"  # noqa: S105
    PASSWORD_RESET_ASKED = "PASSWORD_RESET_ASKED"  # noqa: S105
    PASSWORD_RESET_REFUSED = "PASSWORD_RESET_REFUSED"  # noqa: S105
    PERSONAL_DATA_EXPORTED = "PERSONAL_DATA_EXPORTED"
    PRODUCT_ACTIVATED = "PRODUCT_ACTIVATED"
    PRODUCT_TAKEN_BACK = "PRODUCT_TAKEN_BACK"
    PROVIDER_CHANGED = "PROVIDER_CHANGED"
    PROVIDER_CREDENTIALS_CHANGED = "PROVIDER_CREDENTIALS_CHANGED"
    PROVIDER_REGISTERED = "PROVIDER_REGISTERED"
    PROVIDER_REMOVED = "PROVIDER_REMOVED"
    PROVIDER_RESUMED = "PROVIDER_RESUMED"
    PROVIDER_SUSPENDED = "PROVIDER_SUSPENDED"
    RECOVERY_CODES_RENEWED = "RECOVERY_CODES_RENEWED"
    RECOVERY_CODE_USED = "RECOVERY_CODE_USED"
    REFRESH_REFUSED = "REFRESH_REFUSED"
    REFRESH_TOKEN_REUSED = "REFRESH_TOKEN_REUSED"  # noqa: S105
    REFUSALS_COUNTED = "REFUSALS_COUNTED"
    SESSION_ENDED = "SESSION_ENDED"
    SIGNED_IN = "SIGNED_IN"
    SIGNED_OUT = "SIGNED_OUT"
    SIGNED_UP = "SIGNED_UP"
    SIGN_IN_REFUSED = "SIGN_IN_REFUSED"
    TOKEN_REFUSED = "TOKEN_REFUSED"  # noqa: S105
    UNKNOWN = "UNKNOWN"
    USE_REFUSED = "USE_REFUSED"


@dataclass(frozen=True, slots=True)
class NewSecurityEvent:
    """What happened, before it has its place.

    `actor_id` is who did it: an actor's or a service client's global id. `customer_id` is whose manager sees it, None
    for the operator's eyes alone. `subject` is the global id, or slug, of what it was done to. `params` hold codes and
    ids, never a name, an e-mail address or a secret. `address` is the network address, kept so that it can be erased.
    `times` is how many equal ones are told at once.
    """

    kind: SecurityEventKind
    at: datetime
    actor_id: str | None = None
    customer_id: str | None = None
    subject: str | None = None
    params: Mapping[str, str] = field(default_factory=dict)
    address: str | None = None
    times: int = 1


@dataclass(frozen=True, slots=True)
class SecurityEvent:
    """An event in its place. `sequence` counts all events of the gateway from 1 without a gap.

    `address` is None where none was known, and once it is erased; `digest` is its link of the chain.
    """

    id: str
    sequence: int
    cursor: str
    kind: SecurityEventKind
    occurred_at: datetime
    actor_id: str | None
    customer_id: str | None
    subject: str | None
    params: Mapping[str, str]
    address: str | None
    times: int
    digest: str


_VERSION = "s1"
_UUID = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def security_cursor(key: str) -> str:
    """The cursor of the event of that key: it tells nobody how many events there are."""
    return urlsafe_b64encode(f"{_VERSION}:{key}".encode()).decode().rstrip("=")


def read_security_cursor(cursor: str, *path: str) -> str:
    """The key in a cursor. Raises: RequestError BAD_CURSOR at `path` for what is none."""
    try:
        text = urlsafe_b64decode(cursor[:200] + "=" * (-len(cursor[:200]) % 4)).decode("ascii")
        key = text.partition(":")[2]
        if not _UUID.fullmatch(key) or security_cursor(key) != cursor:
            raise ValueError(cursor)
    except (binascii.Error, ValueError, UnicodeDecodeError):
        raise RequestError.at("BAD_CURSOR", *path) from None
    return key


def network_of(address: str) -> str:
    """The network that a subscriber keeps while its address changes: a /24 of IPv4, a /48 of IPv6."""
    try:
        found = ip_address(address.partition("%")[0].partition("/")[0])
    except ValueError:
        return address
    return str(ip_network((found, 48 if isinstance(found, IPv6Address) else 24), strict=False))
