"""The live streams: each replays what was missed, then follows, without a gap or a repeat."""

from collections.abc import AsyncGenerator
from typing import Annotated, Any

import strawberry
from strawberry import UNSET

from gateway.api.context import Info
from gateway.api.schema.access import subscription
from gateway.api.schema.declaring import OnlyCustomer, argument
from gateway.api.schema.order_events import CustomerEvent
from gateway.domain import health_events, registration_events, security
from gateway.domain.authorizations import SelfServiceFunction
from gateway.domain.ordering import events
from gateway.usecases import following, health, policy, registration_following, security_events
from gateway.usecases.policy import Access

Cursor = Annotated[str | None, argument("The cursor of the last event seen; the whole history first where left out.")]


@strawberry.type(description="What can be followed.")
class Subscription:
    """The root streams."""

    @subscription(Access.SIGNED_IN, AsyncGenerator[events.OrderEvent, None], SelfServiceFunction.SEE_ORDERS)
    async def order_events(
        self, info: Info, order_id: Annotated[strawberry.ID, argument("The order.")], after: Cursor = UNSET
    ) -> Any:
        """The events of an order; it completes after the event of a final state."""
        context = info.context
        after = context.resume_after or after
        return await following.follow_order(context.core, context.caller, order_id, after, context.prepare)

    @subscription(Access.SIGNED_IN, AsyncGenerator[CustomerEvent, None], SelfServiceFunction.SEE_ORDERS)
    async def customer_events(
        self,
        info: Info,
        customer_id: OnlyCustomer = UNSET,
        after: Cursor = UNSET,
    ) -> Any:
        """All that happens to a customer: the events of every order today, of more areas as they come to exist."""
        context = info.context
        whose = policy.customer_of(context.caller, customer_id, "customerId")
        after = context.resume_after or after
        return await following.follow_customer(context.core, context.caller, whose, after, context.prepare)

    @subscription(Access.PARTNER, AsyncGenerator[registration_events.RegistrationEvent, None])
    async def registration_events(
        self,
        info: Info,
        registration_id: Annotated[strawberry.ID, argument("The registration.")],
        after: Cursor = UNSET,
    ) -> Any:
        """The events of a registration, its checks as they end; it completes after the removal."""
        context = info.context
        cursor = context.resume_after or after
        return await registration_following.follow_registration(context.core, context.caller, registration_id, cursor)

    @subscription(Access.PARTNER, AsyncGenerator[health_events.HealthEvent, None])
    async def provider_health(
        self,
        info: Info,
        registration_id: Annotated[strawberry.ID, argument("The registration, also one of the operator's file.")],
        after: Cursor = UNSET,
    ) -> Any:
        """The changes of a provider's health, the last 1,000 of the past first; it does not complete."""
        context = info.context
        cursor = context.resume_after or after
        return await health.follow_health(context.core, context.caller, registration_id, cursor)

    @subscription(Access.MANAGER, AsyncGenerator[security.SecurityEvent, None])
    async def security_alarms(
        self,
        info: Info,
        customer_id: OnlyCustomer = UNSET,
        after: Cursor = UNSET,
    ) -> Any:
        """The alarms about the customer's security, those of the past first; it does not complete."""
        context = info.context
        cursor = context.resume_after or after
        return await security_events.follow_alarms(context.core, context.caller, customer_id or None, cursor)

    @subscription(Access.OPERATOR, AsyncGenerator[security.SecurityEvent, None])
    async def all_security_alarms(self, info: Info, after: Cursor = UNSET) -> Any:
        """The alarms about everybody's security, those of the past first; it does not complete."""
        context = info.context
        cursor = context.resume_after or after
        return await security_events.follow_all_alarms(context.core, context.caller, cursor)
