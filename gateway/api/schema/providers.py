"""Providers as a customer may know them."""

from datetime import datetime

from gateway.api.context import Info
from gateway.api.schema.declaring import doc, enum_type, field, object_type
from gateway.api.schema.node import Node
from gateway.api.texts import tell
from gateway.domain.catalog import providers

enum_type(
    providers.ProviderRole,
    "What a provider plays in an offering.",
    SERVICE_PROVIDER="Sells services and goods.",
    NETWORK_OPERATOR="Sells access to its network.",
    CONTENT_PROVIDER="Sells films, sport and other content.",
)


@object_type(providers.ProviderProfile)
class Provider(Node):
    """A provider: a service provider, a network operator or a content provider, or several of these in one."""

    name: str = doc("Its name.")
    roles: list[providers.ProviderRole] = doc("The roles it may play, at most one entry each.", size=3)


@object_type(providers.UnavailableProvider)
class UnavailableProvider:
    """A provider whose rows are missing from an answer, or stale."""

    provider: providers.ProviderProfile = doc("The provider.")
    code: str = doc("Why, by a machine-readable code. Clients must expect new values.")
    retry_after: datetime | None = doc("When asking again makes sense, where it is known.")
    last_known_at: datetime | None = doc("When the rows that are shown were read; null where none are.")

    @field
    def message(self: providers.UnavailableProvider, info: Info) -> str:
        """Why, as a sentence in the caller's language."""
        return tell(info.context.locale, "unavailable", self.code, {"provider": self.provider.name})
