"""Who may call what: each root field names its callers, shows them in the schema, and is guarded by the one policy."""

import functools
from collections.abc import Callable
from typing import Any

import strawberry
from strawberry.schema_directive import Location

from gateway.api.auth.addresses import limit_key
from gateway.api.context import Context
from gateway.api.schema.declaring import described, enum_type
from gateway.api.schema.settling import settling
from gateway.api.schema.weights import ListSizeDirective, Weight, directives_of
from gateway.domain.authorizations import SelfServiceFunction
from gateway.domain.errors import AccessError, RequestError
from gateway.domain.security import NewSecurityEvent, SecurityEventKind
from gateway.usecases import policy
from gateway.usecases.policy import Access

_REFUSALS = policy.REFUSALS | {"SPENDING_LIMIT_EXCEEDED", "CURRENCY_MISMATCH"}
_GRANTS = frozenset({"grantAuthorization", "changeAuthorization", "enableFunction"})
CALLERS = {
    Access.PUBLIC: "Public: anyone may call it.",
    Access.SIGNED_IN: "For a signed-in member of the customer, as far as the member's authorizations go.",
    Access.MANAGER: "For a signed-in self-service manager of the customer.",
    Access.OPERATOR: "For the gateway's operator.",
    Access.PARTNER: "For a partner's service client with the scope `providers:write`, and for the gateway's operator.",
    Access.OPERATIONS: "For the gateway's operator, and for a service client with the scope `operations`.",
    Access.SIGNED_IN_OR_OPERATIONS: "For a signed-in member of the customer, as far as the member's authorizations go, "
    "for the gateway's operator, and for a service client with the scope `operations`.",
}

enum_type(
    Access,
    "Who may call a field.",
    name="Caller",
    **{each.name: text.split(": ")[-1] for each, text in CALLERS.items()},
)


@strawberry.schema_directive(
    locations=[Location.FIELD_DEFINITION], name="access", description="Says who may call a root field."
)
class AccessDirective:
    """Applied by `query`, `mutation` and `subscription` alone."""

    caller: Access
    function: SelfServiceFunction | None = strawberry.UNSET


def _whose(access: Access, function: SelfServiceFunction | None) -> AccessDirective:
    return AccessDirective(caller=access, **({"function": function} if function else {}))


def query(
    access: Access,
    returns: Any = None,
    weight: Weight | None = None,
    size: ListSizeDirective | None = None,
    function: SelfServiceFunction | None = None,
) -> Callable[[Callable[..., Any]], Any]:
    """A root query field for these callers; `returns` where its GraphQL type is not the resolver's own."""
    costs = directives_of(weight, size, returns=returns)
    whose = _whose(access, function)
    return lambda resolver: _declared(strawberry.field, guarded(resolver, access, function), whose, returns, costs)


def subscription(
    access: Access, returns: Any, function: SelfServiceFunction | None = None
) -> Callable[[Callable[..., Any]], Any]:
    """A root subscription field for these callers. The resolver is a coroutine that checks, then streams."""
    costs = directives_of(Weight.STREAM)
    whose = _whose(access, function)
    return lambda resolver: _declared(
        strawberry.subscription, guarded(resolver, access, function), whose, returns, costs
    )


def mutation(
    access: Access,
    payload: Any,
    user_errors: Callable[..., Any],
    weight: Weight = Weight.CHANGE,
    function: SelfServiceFunction | None = None,
) -> Callable[[Callable[..., Any]], Any]:
    """A root mutation for these callers: what the asker can mend becomes the payload's `userErrors`."""

    def declare(resolver: Callable[..., Any]) -> Any:
        @functools.wraps(resolver)
        async def attempt(*args: Any, **kwargs: Any) -> Any:
            try:
                return await resolver(*args, **kwargs)
            except AccessError:
                raise
            except RequestError as error:
                _note_refusals(kwargs["info"], error)
                return payload(user_errors=user_errors(error, kwargs["info"].context.locale))

        costs = directives_of(weight)
        whose = _whose(access, function)
        return _declared(strawberry.mutation, guarded(attempt, access, function), whose, payload, costs)

    return declare


def _note_refusals(info: Any, error: RequestError) -> None:
    """What an authorization does not allow, or no more of, is a security event; so is a right on what is not theirs."""
    context: Context = info.context
    caller, is_grant = context.caller, info.field_name in _GRANTS
    for problem in error.problems:
        if problem.code in _REFUSALS or (is_grant and problem.code == "NOT_FOUND"):
            refusal = NewSecurityEvent(
                SecurityEventKind.USE_REFUSED,
                context.core.clock.now(),
                caller.subject,
                params={"code": problem.code, "field": info.field_name},
                address=limit_key(caller.address) or None,
            )
            context.core.refusals.note(refusal)


def _declared(
    factory: Callable[..., Any],
    resolver: Callable[..., Any],
    whose: AccessDirective,
    returns: Any,
    costs: list[object],
) -> Any:
    typed = {} if returns is None else {"graphql_type": returns}
    function = f" It takes the function {whose.function.value}." if whose.function else ""
    return factory(
        resolver=resolver,
        description=f"{described(resolver)}{function} {CALLERS[whose.caller]}",
        directives=[whose, *costs],
        **typed,
    )


def guarded(
    resolver: Callable[..., Any], access: Access, function: SelfServiceFunction | None = None
) -> Callable[..., Any]:
    """The resolver behind the policy. Nothing is looked up before the check."""
    settle = settling(resolver)

    @functools.wraps(resolver)
    def check_first(*args: Any, **kwargs: Any) -> Any:
        policy.check(kwargs["info"].context.caller, access, function)
        return settle(*args, **kwargs)

    check_first.is_guarded = True  # type: ignore[attr-defined]
    return check_first
