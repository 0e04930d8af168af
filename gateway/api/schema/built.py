"""The schema, put together from its areas."""

import strawberry
from strawberry.schema.config import StrawberryConfig

from gateway.api.schema import (
    agreements,
    authorizations,
    bundles,
    clients,
    engagement,
    forms,
    health,
    inventory,
    members,
    operations,
    orders,
    parties,
    places,
    prices,
    providers,
    records,
    registrations,
    security,
    sessions,
)
from gateway.api.schema.agreements import AgreementMutations
from gateway.api.schema.authorization_mutations import AuthorizationMutations
from gateway.api.schema.bundle_mutations import BundleMutations
from gateway.api.schema.client_mutations import ClientMutations
from gateway.api.schema.customer_mutations import CustomerMutations
from gateway.api.schema.member_mutations import MemberMutations
from gateway.api.schema.operations_mutations import OperationsMutations
from gateway.api.schema.order_events import EVENT_TYPES
from gateway.api.schema.order_mutations import OrderMutations
from gateway.api.schema.plain import made_plain
from gateway.api.schema.queries import Query
from gateway.api.schema.record_mutations import RecordMutations
from gateway.api.schema.registration_events import REGISTRATION_EVENT_TYPES
from gateway.api.schema.registration_mutations import RegistrationMutations
from gateway.api.schema.scalars import SCALARS
from gateway.api.schema.sessions import SessionMutations
from gateway.api.schema.subscriptions import Subscription
from gateway.domain.catalog import prices as kinds_of_price

AREAS = (
    agreements,
    authorizations,
    bundles,
    clients,
    engagement,
    forms,
    health,
    inventory,
    members,
    operations,
    orders,
    parties,
    places,
    prices,
    providers,
    records,
    registrations,
    sessions,
    security,
)
"""What is declared over domain classes must be there before the schema is put together."""


@strawberry.type(
    description="What can be changed. Each takes one input and tells what the asker can mend in `userErrors`."
)
class Mutation(
    BundleMutations,
    OrderMutations,
    CustomerMutations,
    ClientMutations,
    RegistrationMutations,
    AgreementMutations,
    SessionMutations,
    MemberMutations,
    RecordMutations,
    AuthorizationMutations,
    OperationsMutations,
):
    """The mutations of every area."""


schema = strawberry.Schema(
    query=Query,
    mutation=Mutation,
    subscription=Subscription,
    types=[
        *EVENT_TYPES,
        *REGISTRATION_EVENT_TYPES,
        kinds_of_price.OneTimePrice,
        kinds_of_price.RecurringPrice,
        kinds_of_price.UsagePrice,
        kinds_of_price.PriceAlteration,
    ],
    config=StrawberryConfig(scalar_map=SCALARS, enable_experimental_incremental_execution=True),
)

made_plain(schema._schema)
