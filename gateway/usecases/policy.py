"""Who may do what: the one place that decides, from the caller's stored memberships and authorizations."""

from collections.abc import Callable, Mapping
from enum import StrEnum

from gateway.domain.clients import ClientScope
from gateway.domain.errors import AccessError, Problem, RequestError
from gateway.domain.parties import Caller, EverythingScope, MemberRole, SelfServiceFunction


class Access(StrEnum):
    """Who may call a root field: the values of the schema's `@access`."""

    PUBLIC = "PUBLIC"
    SIGNED_IN = "SIGNED_IN"
    MANAGER = "MANAGER"
    OPERATOR = "OPERATOR"
    PARTNER = "PARTNER"


PROVIDERS_WRITE = ClientScope.PROVIDERS_WRITE
"""The scope by which a service client registers providers, and manages its own."""


def check(caller: Caller, access: Access) -> None:
    """Before anything is looked up. Raises: AccessError UNAUTHENTICATED for nobody, FORBIDDEN for somebody else."""
    if access is Access.PUBLIC:
        return
    if caller.actor is None and caller.client is None:
        raise AccessError(Problem("UNAUTHENTICATED"))
    if not _IS_ALLOWED[access](caller):
        raise AccessError(Problem("FORBIDDEN"))


def is_operator(caller: Caller) -> bool:
    """Whether the caller is a person of the gateway's own operator."""
    return caller.actor is not None and caller.actor.is_operator


def _is_manager_of_any(caller: Caller) -> bool:
    memberships = caller.actor.memberships if caller.actor else ()
    return any(each.role is MemberRole.SELF_SERVICE_MANAGER for each in memberships)


def is_partner(caller: Caller) -> bool:
    """Whether the caller may register providers: a partner's service client, or an operator."""
    return is_operator(caller) or (caller.client is not None and PROVIDERS_WRITE in caller.client.scopes)


_IS_ALLOWED: Mapping[Access, Callable[[Caller], bool]] = {
    Access.SIGNED_IN: lambda caller: caller.actor is not None,
    Access.MANAGER: _is_manager_of_any,
    Access.OPERATOR: is_operator,
    Access.PARTNER: is_partner,
}


def is_member(caller: Caller, customer_id: str) -> bool:
    """Whether the caller is somebody at that customer."""
    return caller.membership(customer_id) is not None


def can(caller: Caller, customer_id: str, function: SelfServiceFunction) -> bool:
    """Whether an authorization of the caller's allows the function on everything of that customer's.

    A caller has only the authorizations that were in force when it was identified, and is identified anew before its
    token ends. An authorization for some products or offerings alone does not count here.
    """
    membership = caller.membership(customer_id)
    return membership is not None and any(
        function in each.functions and isinstance(each.scope, EverythingScope) for each in membership.authorizations
    )


def require(caller: Caller, customer_id: str, function: SelfServiceFunction) -> None:
    """Raises: RequestError NOT_FOUND at `customerId` for a stranger, AccessError for who is not allowed to."""
    check(caller, Access.SIGNED_IN)
    if not is_member(caller, customer_id):
        raise RequestError.at("NOT_FOUND", "customerId")
    if not can(caller, customer_id, function):
        raise AccessError(Problem("FORBIDDEN"))


def require_manager(caller: Caller, customer_id: str) -> None:
    """Management of members, rights and the record is the managers' own, and no authorization hands it on (R4).

    Raises: RequestError NOT_FOUND at `customerId` for a stranger, AccessError FORBIDDEN for any other member.
    """
    check(caller, Access.SIGNED_IN)
    membership = caller.membership(customer_id)
    if membership is None:
        raise RequestError.at("NOT_FOUND", "customerId")
    if membership.role is not MemberRole.SELF_SERVICE_MANAGER:
        raise AccessError(Problem("FORBIDDEN"))


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
