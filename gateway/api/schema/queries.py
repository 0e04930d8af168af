"""The root of all queries."""

from typing import Annotated, Any

import strawberry
from strawberry import UNSET

from gateway.api.context import Info
from gateway.api.nodes import LIMIT, find_node
from gateway.api.schema.access import query
from gateway.api.schema.agreements import AgreementQueries
from gateway.api.schema.catalog import ProductOfferingConnection, ProviderConnection
from gateway.api.schema.catalog_inputs import ProductOfferingFilter
from gateway.api.schema.clients import ServiceClientConnection
from gateway.api.schema.declaring import OnlyCustomer, argument
from gateway.api.schema.node import Node
from gateway.api.schema.operations import OperationsQueries
from gateway.api.schema.paging import After, First
from gateway.api.schema.places import place_of
from gateway.api.schema.qualification import OfferingQualificationInput
from gateway.api.schema.registration_queries import RegistrationQueries
from gateway.api.schema.security import SecurityQueries
from gateway.api.schema.weights import Weight, sliced_by
from gateway.domain import paging, parties
from gateway.domain.authorizations import SelfServiceFunction
from gateway.domain.catalog import offerings
from gateway.domain.errors import RequestError
from gateway.domain.ordering import bundles, orders
from gateway.usecases import bundles as bundles_usecases
from gateway.usecases import catalog, clients, policy
from gateway.usecases.policy import Access

Id = Annotated[strawberry.ID, argument("The global id.")]


@strawberry.type(description="What can be asked.")
class Query(RegistrationQueries, AgreementQueries, SecurityQueries, OperationsQueries):
    """The root fields."""

    @query(Access.PUBLIC, Node | None, Weight.NODE)
    async def node(self, info: Info, id: Id) -> Any:
        """Any object by its global id; null for an unknown one, and for what the caller may not see."""
        return await find_node(info.context, id)

    @query(Access.PUBLIC, list[Node | None], size=sliced_by("ids", LIMIT))
    async def nodes(
        self,
        info: Info,
        ids: Annotated[list[strawberry.ID], argument("The global ids, at most 100.", weight=Weight.NODE)],
    ) -> list[Any]:
        """Several objects by their global ids, in that order; null as in `node`."""
        if len(ids) > LIMIT:
            raise RequestError.at("TOO_MANY_IDS", "ids", maximum=str(LIMIT))
        return [await find_node(info.context, each) for each in ids]

    @query(Access.PUBLIC)
    def viewer(self, info: Info) -> parties.Actor | None:
        """Who is signed in; null when nobody is, and for a service client."""
        return info.context.caller.actor

    @query(Access.SIGNED_IN)
    def customer(
        self,
        info: Info,
        id: OnlyCustomer = UNSET,
    ) -> parties.Customer | None:
        """A customer of the viewer's; null for an unknown or another's id."""
        caller = info.context.caller
        membership = caller.membership(policy.customer_of(caller, None) if id is None else id)
        return membership.customer if membership else None

    @query(Access.SIGNED_IN, weight=Weight.STORE, function=SelfServiceFunction.SEE_ORDERS)
    async def order(self, info: Info, id: Id) -> orders.Order | None:
        """An order by its id; null for an unknown or another's."""
        return await info.context.loaders.order(id)

    @query(Access.SIGNED_IN, weight=Weight.STORE, function=SelfServiceFunction.ORDER)
    async def bundle(self, info: Info, id: Id) -> bundles.Bundle | None:
        """A bundle by its id; null for an unknown or another's."""
        context = info.context
        found = await bundles_usecases.find_bundle(context.core, context.caller, id)
        return await context.loaders.bundles.shown(found, info) if found else None

    @query(Access.PUBLIC)
    def product_offering(self, info: Info, id: Id) -> offerings.ProductOffering | None:
        """An offering by its id; null for an unknown or withdrawn one."""
        return catalog.find_offering(info.context.core, id)

    @query(Access.PUBLIC, ProductOfferingConnection, Weight.STORE)
    def product_offerings(
        self,
        info: Info,
        filter: Annotated[ProductOfferingFilter | None, argument("Which ones; all where left out.")] = UNSET,
        sort: Annotated[catalog.OfferingSort | None, argument("In which order; by relevance where left out.")] = UNSET,
        first: First = UNSET,
        after: After = UNSET,
    ) -> paging.Page[offerings.ProductOffering]:
        """The offerings of every provider, from the snapshots of their catalogues."""
        wanted = catalog.OfferingFilter(
            text=filter.text if filter else None,
            provider_ids=_tuple(filter.provider_ids if filter else None),
            roles=_tuple(filter.roles if filter else None),
            categories=_tuple(filter.categories if filter else None),
            is_bundle=filter.is_bundle if filter else None,
        )
        order = sort or catalog.OfferingSort.RELEVANCE
        return catalog.browse_offerings(info.context.core, wanted, order, first, after)

    @query(Access.PUBLIC, weight=Weight.PROVIDERS, size=sliced_by("input.offeringIds", 50, "items"))
    async def offering_qualification(
        self, info: Info, input: Annotated[OfferingQualificationInput, argument("Which offerings, and where.")]
    ) -> catalog.QualificationAnswer:
        """Which of these offerings can be delivered at this place; if not, why, and what instead."""
        place = await place_of(info, input.place)
        return await catalog.qualify_offerings(info.context.core, tuple(input.offering_ids), place)

    @query(Access.PUBLIC, ProviderConnection)
    def providers(self, info: Info, first: First = UNSET, after: After = UNSET) -> paging.Page[Any]:
        """The providers as a customer may know them."""
        return catalog.list_providers(info.context.core, first, after)

    @query(Access.OPERATOR, ServiceClientConnection, Weight.STORE)
    async def service_clients(self, info: Info, first: First = UNSET, after: After = UNSET) -> paging.Page[Any]:
        """The service clients, newest first, ended ones too."""
        return await clients.list_clients(info.context.core, first, after)


def _tuple(values: list[Any] | None) -> tuple[Any, ...] | None:
    return None if values is None else tuple(values)
