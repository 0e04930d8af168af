"""What happened to the security of a customer, and of the gateway."""

from datetime import datetime
from typing import Annotated, Any

import strawberry
from strawberry import UNSET

from gateway.api.context import Info
from gateway.api.schema.access import query
from gateway.api.schema.declaring import OnlyCustomer, argument, doc, enum_type, field, field_of, object_type
from gateway.api.schema.paging import After, First, connection
from gateway.api.schema.weights import Weight
from gateway.api.texts import english, tell
from gateway.domain import paging, security
from gateway.usecases import security_events
from gateway.usecases.policy import Access

enum_type(
    security.SecurityEventKind,
    "What a security event tells. Clients must expect new values.",
    **{kind.name: english("security", kind) for kind in security.SecurityEventKind},
)


@strawberry.type(description="A code or an id that a security event goes with.")
class SecurityEventParameter:
    """A name and its value."""

    name: str = doc("What it is, such as `reason`, `rule` or `session`. Clients must expect new names.")
    value: str = doc("The code or the id.")


@object_type(security.SecurityEvent)
class SecurityEvent:
    """Something that matters to security. It never changes, but that its network address may be erased."""

    id: strawberry.ID = doc("The event's id.")
    cursor: str = doc("Where to go on after it.")
    kind: security.SecurityEventKind = doc("What happened.")
    occurred_at: datetime = doc("When it happened; of several told at once, the last.")
    actor_id: strawberry.ID | None = doc(
        "Who did it, or whose account or service client was tried; null for nobody known, and for a command's."
    )
    customer_id: strawberry.ID | None = doc("Whose managers see it; null for the operator's eyes alone.")
    subject: str | None = doc("The id, or slug, of what it was done to.")
    address: str | None = doc("The network address it came from; null where none is known, and once it is erased.")
    times: int = doc("How many equal ones it tells of: many refusals in a minute are told at once.")
    digest: str = doc("Its link of the chain by which a change of the past shows.")

    @field_of(size=4)
    def parameters(self: security.SecurityEvent) -> list[SecurityEventParameter]:
        """The codes and ids that it goes with, by name, at most 20."""
        return [SecurityEventParameter(name=name, value=value) for name, value in sorted(self.params.items())[:20]]

    @field
    def message(self: security.SecurityEvent, info: Info) -> str:
        """What happened, as a sentence in the caller's language."""
        return tell(info.context.locale, "security", self.kind, self.params)


SecurityEventConnection = connection(security.SecurityEvent, "SecurityEvent")


@strawberry.input(description="Which security events; all where everything is left out.")
class SecurityEventFilter:
    """By kind, moment and actor."""

    kinds: list[security.SecurityEventKind] | None = strawberry.field(
        default=UNSET, description="Of these kinds, at most 50."
    )
    since: datetime | None = strawberry.field(default=UNSET, description="From this moment on.")
    until: datetime | None = strawberry.field(default=UNSET, description="Before this moment.")
    actor_id: strawberry.ID | None = strawberry.field(default=UNSET, description="Of this actor or service client.")


Filter = Annotated[SecurityEventFilter | None, argument("Which ones; all where left out.")]


def _wanted(given: SecurityEventFilter | None) -> security_events.Wanted:
    if not given:
        return security_events.Wanted()
    return security_events.Wanted(
        tuple(given.kinds or ()), given.since or None, given.until or None, given.actor_id or None
    )


@strawberry.type
class SecurityQueries:
    """What managers and operators ask."""

    @query(Access.MANAGER, SecurityEventConnection, Weight.STORE)
    async def security_events(
        self,
        info: Info,
        customer_id: OnlyCustomer = UNSET,
        filter: Filter = UNSET,
        first: First = UNSET,
        after: After = UNSET,
    ) -> paging.Page[Any]:
        """The customer's security events, newest first."""
        context = info.context
        wanted = _wanted(filter)
        return await security_events.list_security_events(
            context.core, context.caller, customer_id or None, wanted, first, after
        )

    @query(Access.OPERATOR, SecurityEventConnection, Weight.STORE)
    async def all_security_events(
        self, info: Info, filter: Filter = UNSET, first: First = UNSET, after: After = UNSET
    ) -> paging.Page[Any]:
        """The security events of all customers, of providers and of the gateway itself, newest first."""
        context = info.context
        wanted = _wanted(filter)
        return await security_events.list_all_security_events(context.core, context.caller, wanted, first, after)
