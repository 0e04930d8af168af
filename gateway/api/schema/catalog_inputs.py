"""How the catalogue is filtered and sorted."""

import strawberry

from gateway.api.schema.declaring import enum_type
from gateway.domain.catalog.providers import ProviderRole
from gateway.usecases import catalog

enum_type(
    catalog.OfferingSort,
    "The order of offerings; ties are broken by provider and reference, so that pages never overlap.",
    name="ProductOfferingSort",
    RELEVANCE="The best match of the text first.",
    NAME="By name.",
    PRICE="By the price of the first month, the lowest first.",
)


@strawberry.input(description="Which offerings; all that is given must hold.")
class ProductOfferingFilter:
    """Absent and null do not filter."""

    text: str | None = strawberry.field(default=strawberry.UNSET, description="Words of the name or description.")
    provider_ids: list[strawberry.ID] | None = strawberry.field(
        default=strawberry.UNSET, description="Of one of these providers, at most 100."
    )
    roles: list[ProviderRole] | None = strawberry.field(
        default=strawberry.UNSET, description="With one of these roles."
    )
    categories: list[str] | None = strawberry.field(
        default=strawberry.UNSET, description="In one of these categories, by slug, at most 100."
    )
    is_bundle: bool | None = strawberry.field(
        default=strawberry.UNSET, description="Predefined bundles alone (true), or none of them (false)."
    )
