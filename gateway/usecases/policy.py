"""Who may do what: the one place that decides, from the caller's stored memberships and authorizations."""

from collections.abc import Callable, Mapping
from enum import StrEnum

from gateway.domain.authorizations import Rights, SelfServiceFunction, Thing
from gateway.domain.clients import ClientScope
from gateway.domain.errors import AccessError, Problem, RequestError
from gateway.domain.parties import Caller, MemberRole


class Access(StrEnum):
    """Who may call a root field: the values of the schema's `@access`."""

    PUBLIC = "PUBLIC"
    SIGNED_IN = "SIGNED_IN"
    MANAGER = "MANAGER"
    OPERATOR = "OPERATOR"
    PARTNER = "PARTNER"
    OPERATIONS = "OPERATIONS"
    SIGNED_IN_OR_OPERATIONS = "SIGNED_IN_OR_OPERATIONS"


_NO_RIGHTS = Rights()
PROVIDERS_WRITE = ClientScope.PROVIDERS_WRITE
"""The scope by which a service client registers providers, and manages its own."""


REFUSALS = frozenset({"NOT_ALLOWED", "OUTSIDE_HOURS", "AUTHORIZATION_EXPIRED", "AUTHORIZATION_NOT_YET_VALID"})
"""The codes by which a mutation tells a member why an authorization does not allow it (a refusal's codes)."""


def check(caller: Caller, access: Access, function: SelfServiceFunction | None = None) -> None:
    """Before anything is looked up. Raises: AccessError UNAUTHENTICATED for nobody, FORBIDDEN for somebody else,
    ONE_TIME_PASSWORD_REQUIRED for who must switch one on first.

    A member to whom nobody ever granted the function is refused here; whether it counts just now, for that customer
    and that thing, is for what is looked up to tell. Who is no member anywhere finds nothing.
    """
    if access is Access.PUBLIC:
        return
    if caller.actor is None and caller.client is None:
        raise AccessError(Problem("UNAUTHENTICATED"))
    if caller.must_enrol:
        raise AccessError(Problem("ONE_TIME_PASSWORD_REQUIRED"))
    if not _IS_ALLOWED[access](caller) or (function is not None and _is_kept_from(caller, function)):
        raise AccessError(Problem("FORBIDDEN"))


def _is_kept_from(caller: Caller, function: SelfServiceFunction) -> bool:
    memberships = caller.actor.memberships if caller.actor else ()
    return bool(memberships) and not any(each.rights.was_granted(function) for each in memberships)


def is_operator(caller: Caller) -> bool:
    """Whether the caller is a person of the gateway's own operator."""
    return caller.actor is not None and caller.actor.is_operator


def _is_manager_of_any(caller: Caller) -> bool:
    memberships = caller.actor.memberships if caller.actor else ()
    return any(each.role is MemberRole.SELF_SERVICE_MANAGER for each in memberships)


def is_partner(caller: Caller) -> bool:
    """Whether the caller may register providers: a partner's service client, or an operator."""
    return is_operator(caller) or (caller.client is not None and PROVIDERS_WRITE in caller.client.scopes)


def is_operations(caller: Caller) -> bool:
    """Whether the caller looks after everybody's orders: an operator, or a service client for operations."""
    return is_operator(caller) or (caller.client is not None and ClientScope.OPERATIONS in caller.client.scopes)


_IS_ALLOWED: Mapping[Access, Callable[[Caller], bool]] = {
    Access.SIGNED_IN: lambda caller: caller.actor is not None,
    Access.MANAGER: _is_manager_of_any,
    Access.OPERATOR: is_operator,
    Access.PARTNER: is_partner,
    Access.OPERATIONS: is_operations,
    Access.SIGNED_IN_OR_OPERATIONS: lambda caller: caller.actor is not None or is_operations(caller),
}


def is_member(caller: Caller, customer_id: str) -> bool:
    """Whether the caller is somebody at that customer."""
    return caller.membership(customer_id) is not None


def rights(caller: Caller, customer_id: str) -> Rights:
    """What the caller may do at that customer; nothing for a stranger."""
    membership = caller.membership(customer_id)
    return membership.rights if membership else _NO_RIGHTS


def can(caller: Caller, customer_id: str, function: SelfServiceFunction) -> bool:
    """Whether the caller may use the function on everything of that customer's.

    A caller has the rights of the moment when it was identified; it is identified anew with each request, and before
    its token ends.
    """
    membership = caller.membership(customer_id)
    return membership is not None and function in membership.rights.everything


def can_some(caller: Caller, customer_id: str, function: SelfServiceFunction) -> bool:
    """Whether the caller may use the function on something of that customer's at least."""
    membership = caller.membership(customer_id)
    return membership is not None and membership.rights.on_anything(function)


def can_on(caller: Caller, customer_id: str, function: SelfServiceFunction, thing: Thing) -> bool:
    """Whether the caller may use the function on that thing of the customer's."""
    membership = caller.membership(customer_id)
    return membership is not None and membership.rights.on(function, thing)


def refusal(caller: Caller, customer_id: str, function: SelfServiceFunction) -> str:
    """The code that says why not: granted but not in force just now, else NOT_ALLOWED."""
    found = rights(caller, customer_id)
    return "NOT_ALLOWED" if found.on_anything(function) else found.refused.get(function, "NOT_ALLOWED")


def require_use(caller: Caller, customer_id: str, function: SelfServiceFunction, *path: str) -> None:
    """Of a member, on something at least. Raises: RequestError at `path` with a refusal's codes."""
    if not can_some(caller, customer_id, function):
        raise RequestError.at(refusal(caller, customer_id, function), *path)


def require(caller: Caller, customer_id: str, function: SelfServiceFunction) -> None:
    """On everything. Raises: RequestError NOT_FOUND at `customerId` for a stranger, AccessError for who may not."""
    _require_member(caller, customer_id)
    if not can(caller, customer_id, function):
        raise AccessError(Problem("FORBIDDEN"))


def require_some(caller: Caller, customer_id: str, function: SelfServiceFunction) -> None:
    """On something at least: what is shown must then be what `can_on` allows. Raises: as `require`."""
    _require_member(caller, customer_id)
    if not can_some(caller, customer_id, function):
        raise AccessError(Problem("FORBIDDEN"))


def require_manager(caller: Caller, customer_id: str) -> None:
    """Management of members, rights and the record is the managers' own, and no authorization hands it on (R4).

    Raises: RequestError NOT_FOUND at `customerId` for a stranger, AccessError FORBIDDEN for any other member.
    """
    _require_member(caller, customer_id)
    if not manages(caller, customer_id):
        raise AccessError(Problem("FORBIDDEN"))


def manages(caller: Caller, customer_id: str) -> bool:
    """Whether the caller is a self-service manager of that customer."""
    membership = caller.membership(customer_id)
    return membership is not None and membership.role is MemberRole.SELF_SERVICE_MANAGER


def require_no_service_user(caller: Caller, customer_id: str) -> None:
    """Who changes nothing, whatever was enabled for them (R5). Raises: AccessError FORBIDDEN."""
    membership = caller.membership(customer_id)
    if membership is not None and membership.role is MemberRole.SERVICE_USER:
        raise AccessError(Problem("FORBIDDEN"))


def _require_member(caller: Caller, customer_id: str) -> None:
    check(caller, Access.SIGNED_IN)
    if not is_member(caller, customer_id):
        raise RequestError.at("NOT_FOUND", "customerId")


def customer_of(caller: Caller, customer_id: str | None, *path: str) -> str:
    """The customer that is meant: the one named, or the viewer's only one.

    Raises: AccessError for nobody; RequestError at `path`: NOT_FOUND for an unknown or another's, CUSTOMER_REQUIRED
    where none is named and the viewer has several or none.
    """
    check(caller, Access.SIGNED_IN)
    if customer_id is not None:
        if not is_member(caller, customer_id):
            raise RequestError.at("NOT_FOUND", *path)
        return customer_id
    memberships = caller.actor.memberships if caller.actor else ()
    if len(memberships) != 1:
        raise RequestError.at("CUSTOMER_REQUIRED", *path)
    return memberships[0].customer.id
