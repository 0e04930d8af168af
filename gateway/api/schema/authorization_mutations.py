"""Granting and taking back what members may do."""

from typing import Annotated, Any

import strawberry

from gateway.api.context import Info
from gateway.api.schema.access import mutation
from gateway.api.schema.authorization_inputs import (
    ChangeAuthorizationInput,
    DisableFunctionInput,
    EnableFunctionInput,
    GrantAuthorizationInput,
    RevokeAuthorizationInput,
    conditions_of,
    scope_of,
)
from gateway.api.schema.declaring import argument
from gateway.api.schema.errors import UserErrors, payload
from gateway.domain.authorizations import Authorization, EnabledFunction
from gateway.usecases import authorization_inputs, authorizations, policy
from gateway.usecases.policy import Access

_WHAT = (
    "CURRENCY_MISMATCH",
    "FUNCTIONS_MISSING",
    "INVALID_AMOUNT",
    "INVALID_HOURS",
    "INVALID_PERIOD",
    "NEEDS_EVERYTHING",
    "NOT_FOUND",
    "UNKNOWN_TIME_ZONE",
)
GrantAuthorizationErrors = UserErrors(
    "GrantAuthorization",
    *_WHAT,
    "CUSTOMER_REQUIRED",
    "EMPTY_SCOPE",
    "NOT_AN_AUTHORIZED_USER",
    "TOO_MANY_AUTHORIZATIONS",
    "TOO_MANY_VALUES",
)
ChangeAuthorizationErrors = UserErrors("ChangeAuthorization", *_WHAT, "AUTHORIZATION_REVOKED")
RevokeAuthorizationErrors = UserErrors("RevokeAuthorization", "NOT_FOUND")
EnableFunctionErrors = UserErrors(
    "EnableFunction",
    "CUSTOMER_REQUIRED",
    "NOT_FOUND",
    "NOT_A_SERVICE_USER",
    "NOT_ENABLEABLE",
    "NEEDS_EVERYTHING",
    "TOO_MANY_FUNCTIONS",
    *policy.REFUSALS,
)
DisableFunctionErrors = UserErrors("DisableFunction", "CUSTOMER_REQUIRED", "NOT_FOUND")

GrantAuthorizationPayload = payload(
    "GrantAuthorization", GrantAuthorizationErrors, authorization=(Authorization, "The authorization.")
)
ChangeAuthorizationPayload = payload(
    "ChangeAuthorization", ChangeAuthorizationErrors, authorization=(Authorization, "The authorization as it is now.")
)
RevokeAuthorizationPayload = payload(
    "RevokeAuthorization",
    RevokeAuthorizationErrors,
    revoked_authorization_id=(strawberry.ID, "The id of what was taken back."),
)
EnableFunctionPayload = payload(
    "EnableFunction", EnableFunctionErrors, enabled_function=(EnabledFunction, "What is enabled.")
)
DisableFunctionPayload = payload(
    "DisableFunction",
    DisableFunctionErrors,
    disabled_function_ids=(
        list[strawberry.ID],
        "The ids of what is taken back, at most 100; empty where nothing was.",
        2,
    ),
)


def _function(given: EnableFunctionInput) -> authorization_inputs.EnableFunction:
    return authorization_inputs.EnableFunction(given.customer_id, given.actor_id, given.function, given.product_id)


@strawberry.type
class AuthorizationMutations:
    """The mutations of what members may do."""

    @mutation(Access.SIGNED_IN, GrantAuthorizationPayload, GrantAuthorizationErrors)
    async def grant_authorization(
        self, info: Info, input: Annotated[GrantAuthorizationInput, argument("Whom, and what.")]
    ) -> Any:
        """Lets an authorized user do something, at once; a manager alone may. The same again changes nothing."""
        context = info.context
        asked = authorization_inputs.GrantAuthorization(
            customer_id=input.customer_id,
            actor_id=input.actor_id,
            functions=tuple(input.functions),
            scope=scope_of(input.scope),
            valid_from=input.valid_from,
            valid_until=input.valid_until,
            conditions=conditions_of(input.conditions),
        )
        granted = await authorizations.grant_authorization(context.core, context.caller, asked)
        return GrantAuthorizationPayload(authorization=granted)

    @mutation(Access.SIGNED_IN, ChangeAuthorizationPayload, ChangeAuthorizationErrors)
    async def change_authorization(
        self, info: Info, input: Annotated[ChangeAuthorizationInput, argument("Which one, and what of it.")]
    ) -> Any:
        """Changes what an authorization allows, at once; a manager alone may. What was spent under it stays counted."""
        context = info.context
        asked = authorization_inputs.ChangeAuthorization(
            authorization_id=input.authorization_id,
            functions=tuple(input.functions) if input.functions is not None else None,
            valid_until=input.valid_until,
            conditions=conditions_of(input.conditions),
        )
        changed = await authorizations.change_authorization(context.core, context.caller, asked)
        return ChangeAuthorizationPayload(authorization=changed)

    @mutation(Access.SIGNED_IN, RevokeAuthorizationPayload, RevokeAuthorizationErrors)
    async def revoke_authorization(
        self, info: Info, input: Annotated[RevokeAuthorizationInput, argument("Which one.")]
    ) -> Any:
        """Takes an authorization back, at once, on open streams too; a manager alone may. Again is harmless."""
        context = info.context
        kept = await authorizations.revoke_authorization(context.core, context.caller, input.authorization_id)
        return RevokeAuthorizationPayload(revoked_authorization_id=kept.authorization.id)

    @mutation(Access.SIGNED_IN, EnableFunctionPayload, EnableFunctionErrors)
    async def enable_function(
        self, info: Info, input: Annotated[EnableFunctionInput, argument("For whom, and which.")]
    ) -> Any:
        """Lets a service user use a function that the viewer holds, for as long as the viewer does."""
        context = info.context
        enabled = await authorizations.enable_function(context.core, context.caller, _function(input))
        return EnableFunctionPayload(enabled_function=enabled)

    @mutation(Access.SIGNED_IN, DisableFunctionPayload, DisableFunctionErrors)
    async def disable_function(
        self, info: Info, input: Annotated[DisableFunctionInput, argument("From whom, and which.")]
    ) -> Any:
        """Takes back what the viewer enabled for a service user; a manager, what anybody did. Again is harmless."""
        context = info.context
        gone = await authorizations.disable_function(context.core, context.caller, _function(input))
        return DisableFunctionPayload(disabled_function_ids=list(gone))
