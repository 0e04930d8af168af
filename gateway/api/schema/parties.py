"""Who is signed in, for which customers, and by which right."""

from datetime import datetime
from typing import Annotated, Any

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
from gateway.api.schema.weights import Weight
from gateway.domain import paging, parties
from gateway.domain.catalog import offerings
from gateway.domain.catalog.providers import ProviderProfile
from gateway.domain.members import Contact, Subscriber
from gateway.usecases import billing as billing_usecases
from gateway.usecases import engagement as engagement_usecases
from gateway.usecases import inventory as inventory_usecases
from gateway.usecases import invitations as invitations_usecases
from gateway.usecases import members as members_usecases
from gateway.usecases import ordering, records
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
enum_type(
    parties.SelfServiceFunction,
    "What an authorization can allow. Clients must expect new values.",
    ORDER="To order.",
    CONFIGURE="To change what is held.",
    END="To end what is held.",
    SEE_ORDERS="To see the orders.",
    SEE_PRODUCTS="To see the products.",
    SEE_BILLS="To see the bills and charges.",
    SEE_NOTIFICATIONS="To see the inbox.",
    RESTRICT="To set restrictions, such as who may be called.",
    TEST="To run tests.",
    REPORT="To report faults and experiences.",
    PAY="To pay bills.",
    SEE_USAGE="To see the usage.",
)


@object_type(parties.EverythingScope)
class EverythingScope:
    """Everything that the customer holds or may order."""

    includes_future_products: bool = doc("Whether what is not held yet is among it.")


@object_type(parties.ProductScope)
class ProductScope:
    """Named products."""

    product_ids: list[strawberry.ID] = doc("The ids of the products, at most 1,000.", size=20)


@object_type(parties.OfferingScope)
class OfferingScope:
    """Offerings of some categories at some providers, held already or not. An empty list stands for any."""

    @field_of(weight=Weight.STORE, size=5)
    def categories(self: parties.OfferingScope, info: Info) -> list[offerings.Category]:
        """The categories, at most 100."""
        return [info.context.loaders.category(slug) for slug in self.category_slugs]

    @field_of(size=5)
    def providers(self: parties.OfferingScope, info: Info) -> list[ProviderProfile]:
        """The providers, at most 100; one that has left is not shown."""
        found = (info.context.core.directory.profile(slug) for slug in self.provider_slugs)
        return [each for each in found if each is not None]


AuthorizationScope = Annotated[
    parties.EverythingScope | parties.ProductScope | parties.OfferingScope,
    strawberry.union(
        "AuthorizationScope", description="What an authorization is about. Clients must expect new kinds."
    ),
]


@object_type(parties.Authorization)
class Authorization:
    """What a member may do: functions, on what, and for how long."""

    id: strawberry.ID = doc("The authorization's id.")
    functions: list[parties.SelfServiceFunction] = doc("What it allows, at most one entry each.", size=7)
    scope: AuthorizationScope = doc("What it is about.")
    valid_from: datetime = doc("Since when it counts.")
    valid_until: datetime | None = doc("Until when it counts; null for as long as nobody takes it back.")


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
    authorizations: list[parties.Authorization] = doc("What the member may do, at most 100.", size=5)


@object_type(parties.Actor)
class Actor(Node):
    """A person who signs in. Seen whole by that person alone; as somebody's fellow member, by name."""

    username: str = doc("The name to sign in with.")
    memberships: list[parties.Membership] = doc(
        "The customers that the person acts for, at most 100: told to that person alone, empty for anybody else.",
        size=5,
    )
