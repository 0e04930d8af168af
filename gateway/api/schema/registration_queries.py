"""The root queries of registrations."""

from typing import Annotated, Any

import strawberry
from strawberry import UNSET

from gateway.api.context import Info
from gateway.api.schema.access import query
from gateway.api.schema.declaring import argument
from gateway.api.schema.paging import After, First
from gateway.api.schema.registrations import ProviderRegistrationConnection
from gateway.api.schema.weights import Weight
from gateway.domain import registrations as domain
from gateway.domain.errors import RequestError
from gateway.usecases import registrations
from gateway.usecases.policy import Access


@strawberry.type
class RegistrationQueries:
    """What partners and operators ask."""

    @query(Access.PARTNER, ProviderRegistrationConnection, Weight.STORE)
    async def provider_registrations(self, info: Info, first: First = UNSET, after: After = UNSET) -> Any:
        """A partner's own registrations, oldest first; an operator's are all, those of its file before them."""
        return await registrations.list_registrations(info.context.core, info.context.caller, first, after)

    @query(Access.PARTNER, weight=Weight.STORE)
    async def provider_registration(
        self,
        info: Info,
        id: Annotated[strawberry.ID | None, argument("The global id.")] = UNSET,
        slug: Annotated[str | None, argument("The provider's slug, instead of the id.")] = UNSET,
    ) -> domain.ProviderRegistration | None:
        """A registration by its id or by its slug; null for an unknown or another's."""
        core, caller = info.context.core, info.context.caller
        if id is not None and slug is None:
            return await registrations.find_registration(core, caller, id)
        if slug is not None and id is None:
            return await registrations.find_registration_of(core, caller, slug)
        raise RequestError.at("ID_OR_SLUG", "id")
