"""Providers as they were registered: how each stands, what its checks found, how it fares."""

from datetime import datetime

from gateway.api.context import Info
from gateway.api.schema.declaring import doc, enum_type, field, object_type
from gateway.api.schema.node import Node
from gateway.api.schema.paging import connection
from gateway.domain import registrations
from gateway.domain.catalog import providers
from gateway.domain.health import Health

enum_type(
    registrations.RegistrationStatus,
    "How a registration stands. Clients must expect new values.",
    DRAFT="It was not checked, or was not found good enough: it sells nothing.",
    CHECKING="Its checks run; what it was before goes on until they are over.",
    ACTIVE="It sells.",
    SUSPENDED="It takes no new orders; those in flight end, and what is held stays readable.",
)
enum_type(
    registrations.CheckResult,
    "What a check found.",
    PASSED="The provider keeps the contract.",
    FAILED="It does not.",
    LACKING="It does not have the capability, which is no fault.",
)


@object_type(registrations.CheckOutcome)
class ProviderCheck:
    """One check of a provider."""

    name: str = doc("What was checked: a capability, or `connection`. Clients must expect new values.")
    detail: str = doc("How much was found, or a machine-readable code: never what the provider answered.")

    @field
    def outcome(self: registrations.CheckOutcome) -> registrations.CheckResult:
        """What it found."""
        return self.result


@object_type(registrations.Conformance)
class ProviderConformance:
    """What the last run of checks found so far."""

    passed: bool = doc("Whether the run is over, some checks passed and none failed.")
    checks: list[registrations.CheckOutcome] = doc("The checks as they ended, at most 100.", size=10)


@object_type(registrations.ProviderRegistration)
class ProviderRegistration(Node):
    """A provider as its partner registered it, or as it stands in the operator's file. Credentials are never shown."""

    slug: str = doc("The provider's name in ids and addresses; it never changes.")
    adapter: str = doc("The adapter that speaks with it.")
    url: str | None = doc("The address of its connection, where it has one.")
    owner: str | None = doc("The service client that registered it; null for the operator.")
    is_configured: bool = doc("Whether it stands in the operator's file, and can't be changed here.")
    status: registrations.RegistrationStatus = doc("How it stands.")
    capabilities: list[str] = doc(
        "What it can do, as its connection was last found, at most 20. Clients must expect new values.", size=7
    )
    provider: providers.ProviderProfile = doc("The provider as customers know it.")
    conformance: registrations.Conformance | None = doc("What its last checks found; null where there were none.")
    created_at: datetime = doc("When it was registered; of the operator's file, when the gateway started.")
    updated_at: datetime = doc("When it last changed.")

    @field
    def health(self: registrations.ProviderRegistration, info: Info) -> Health | None:
        """How it is; null while it is not one of the gateway's providers."""
        return info.context.core.directory.health(self.slug)


ProviderRegistrationConnection = connection(registrations.ProviderRegistration, "ProviderRegistration")
