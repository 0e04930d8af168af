"""Who is signed in, for which customers, and by which right."""

from typing import Any

import strawberry

from gateway.api.context import Info
from gateway.api.schema.billing import BillConnection
from gateway.api.schema.declaring import doc, enum_type, field_of, object_type
from gateway.api.schema.engagement import NotificationConnection
from gateway.api.schema.inventory import ProductConnection
from gateway.api.schema.members import InvitationConnection, MemberConnection
from gateway.api.schema.node import Node
from gateway.api.schema.orders import OrderConnection
from gateway.api.schema.paging import After, First
from gateway.api.schema.records import ContactConnection, SubscriberConnection
from gateway.api.schema.sessions import SessionConnection
from gateway.api.schema.weights import Weight
from gateway.domain import paging, parties
from gateway.domain.members import Contact, Subscriber
from gateway.usecases import billing as billing_usecases
from gateway.usecases import engagement as engagement_usecases
from gateway.usecases import inventory as inventory_usecases
from gateway.usecases import invitations as invitations_usecases
from gateway.usecases import members as members_usecases
from gateway.usecases import ordering, own_sessions, records
from gateway.usecases import parties as parties_usecases

enum_type(
    parties.CustomerKind, "What a customer is.", HOUSEHOLD="A person or a household.", BUSINESS="An organisation."
)
enum_type(
    parties.MemberRole,
    "What an actor is to a customer.",
    SELF_SERVICE_MANAGER="May do all that the contract allows; normally the one who pays.",
    AUTHORIZED_USER="May do exactly what a manager granted.",
    SERVICE_USER="Uses what others enabled, and changes nothing.",
)


@object_type(parties.Customer)
class Customer(Node):
    """A person or an organisation that holds products and gets the bills. Seen by its members, as far as each may."""

    name: str = doc("Its name.")
    kind: parties.CustomerKind = doc("What it is.")

    @field_of(OrderConnection, weight=Weight.STORE)
    async def orders(
        self: parties.Customer, info: Info, first: First = strawberry.UNSET, after: After = strawberry.UNSET
    ) -> paging.Page[Any]:
        """Its orders, newest first."""
        return await ordering.list_orders(info.context.core, info.context.caller, self.id, first, after)

    @field_of(ProductConnection, weight=Weight.PROVIDERS)
    async def products(
        self: parties.Customer, info: Info, first: First = strawberry.UNSET, after: After = strawberry.UNSET
    ) -> paging.Page[Any]:
        """All that its accounts hold at every provider, in whatever state, also what was not ordered here."""
        context = info.context
        page = await inventory_usecases.list_products(context.core, context.caller, self.id, first, after)
        return context.loaders.keep_owned(self.id, page)

    @field_of(BillConnection, weight=Weight.PROVIDERS)
    async def bills(
        self: parties.Customer, info: Info, first: First = strawberry.UNSET, after: After = strawberry.UNSET
    ) -> paging.Page[Any]:
        """The bills of every provider, newest first."""
        context = info.context
        page = await billing_usecases.list_bills(context.core, context.caller, self.id, first, after)
        return context.loaders.keep_owned(self.id, page)

    @field_of(weight=Weight.PROVIDERS)
    async def current_charges(self: parties.Customer, info: Info) -> billing_usecases.CurrentChargesAnswer:
        """What every provider has charged so far in the running period."""
        return await billing_usecases.current_charges(info.context.core, info.context.caller, self.id)

    @field_of(NotificationConnection, weight=Weight.STORE)
    async def notifications(
        self: parties.Customer, info: Info, first: First = strawberry.UNSET, after: After = strawberry.UNSET
    ) -> paging.Page[Any]:
        """Its inbox, newest first."""
        context = info.context
        return await engagement_usecases.list_notifications(context.core, context.caller, self.id, first, after)

    @field_of(MemberConnection, weight=Weight.STORE)
    async def members(
        self: parties.Customer, info: Info, first: First = strawberry.UNSET, after: After = strawberry.UNSET
    ) -> paging.Page[Any]:
        """Who acts for it, in the order of joining: all for a manager; for others themselves and the managers."""
        return await members_usecases.list_members(info.context.core, info.context.caller, self.id, first, after)

    @field_of(InvitationConnection, weight=Weight.STORE)
    async def invitations(
        self: parties.Customer, info: Info, first: First = strawberry.UNSET, after: After = strawberry.UNSET
    ) -> paging.Page[Any]:
        """Its invitations, newest first, ended ones too. For its managers."""
        context = info.context
        return await invitations_usecases.list_invitations(context.core, context.caller, self.id, first, after)

    @field_of(ContactConnection, weight=Weight.STORE)
    async def contacts(
        self: parties.Customer, info: Info, first: First = strawberry.UNSET, after: After = strawberry.UNSET
    ) -> paging.Page[Any]:
        """Whom to turn to, in the order of their making. For its managers."""
        return await records.list_records(info.context.core, info.context.caller, Contact, self.id, first, after)

    @field_of(SubscriberConnection, weight=Weight.STORE)
    async def subscribers(
        self: parties.Customer, info: Info, first: First = strawberry.UNSET, after: After = strawberry.UNSET
    ) -> paging.Page[Any]:
        """The end users, in the order of their making. For its managers."""
        return await records.list_records(info.context.core, info.context.caller, Subscriber, self.id, first, after)

    @field_of(weight=Weight.STORE, size=10)
    async def sites(self: parties.Customer, info: Info) -> list[parties.Site]:
        """The places that it keeps under a name, by name, at most 100."""
        return list(await parties_usecases.list_sites(info.context.core, info.context.caller, self.id))


@object_type(parties.Membership)
class Membership:
    """An actor's role at one customer."""

    role: parties.MemberRole = doc("The role.")
    customer: parties.Customer = doc("The customer.")
    authorizations: list[parties.Authorization] = doc(
        "What the member may do, also what does not count just now; at most 100.", size=5
    )
    enabled_functions: list[parties.EnabledFunction] = doc(
        "What was enabled for the member, a service user, and counts now; at most 100.", size=5
    )


@object_type(parties.Actor)
class Actor(Node):
    """A person who signs in. Seen whole by that person alone; as somebody's fellow member, by name."""

    username: str = doc("The name to sign in with.")
    has_one_time_password: bool = doc("Whether signing in takes a one-time code beside the password.")

    @field_of(SessionConnection, weight=Weight.STORE)
    async def sessions(
        self: parties.Actor, info: Info, first: First = strawberry.UNSET, after: After = strawberry.UNSET
    ) -> paging.Page[Any]:
        """The devices that are signed in, newest first."""
        return await own_sessions.list_sessions(info.context.core, info.context.caller, self.id, first, after)

    memberships: list[parties.Membership] = doc(
        "The customers that the person acts for, at most 100: told to that person alone, empty for anybody else.",
        size=5,
    )
