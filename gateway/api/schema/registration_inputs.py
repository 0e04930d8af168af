"""What a partner gives to bring a provider in; credentials are in no printed form."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

import strawberry
from strawberry import UNSET

from gateway.api.schema.declaring import doc, enum_type
from gateway.api.schema.scalars import Json
from gateway.domain.errors import RequestError
from gateway.domain.registrations import Connection
from gateway.usecases.registration_inputs import GivenAgreement, invalid_connection


class TmForumVersion(StrEnum):
    """Of the TM Forum's Open APIs."""

    V4 = "V4"
    V5 = "V5"


enum_type(
    TmForumVersion,
    "A version of the TM Forum's Open APIs.",
    V4="Version 4 of each of them.",
    V5="Version 5 of each of them.",
)


def _unprinted(self: object) -> str:
    """Its name alone: what is in it belongs into no log."""
    return f"{type(self).__name__}(…)"


def _optional(description: str, default: Any = UNSET) -> Any:
    return strawberry.field(default=default, description=description)


@strawberry.input(description="A client of the provider's own OAuth 2.0 server, for client credentials.")
class OAuthClientInput:
    """As the provider gave it out."""

    __repr__ = _unprinted

    token_url: str = doc("Where tokens are asked for.")
    client_id: str = doc("The client's id.")
    client_secret: str = doc("The client's secret.")
    scope: str | None = _optional("The scope to ask for.")


@strawberry.input(description="A name and a password.")
class BasicCredentialsInput:
    """As the provider gave them out."""

    __repr__ = _unprinted

    username: str = doc("The name.")
    password: str = doc("The password.")


@strawberry.input(
    one_of=True,
    description="How the gateway proves to the provider who it is. Kept encrypted, and never shown again.",
)
class ProviderCredentialsInput:
    """Exactly one of these."""

    __repr__ = _unprinted

    bearer_token: str | None = _optional("A token that does not change.")
    oauth_client: OAuthClientInput | None = _optional("A client, which asks for tokens as they are needed.")
    basic: BasicCredentialsInput | None = _optional("A name and a password.")


@strawberry.input(description="A system that speaks the TM Forum's Open APIs.")
class TmForumConnectionInput:
    """The adapter `tmforum`."""

    url: str = doc("The address under which its APIs are.")
    version: TmForumVersion | None = _optional("The version of its APIs.", TmForumVersion.V4)
    credentials: ProviderCredentialsInput | None = _optional("How the gateway proves who it is.")


@strawberry.input(description="A system that speaks ON-API, as open access networks do.")
class OnApiConnectionInput:
    """The adapter `on-api`."""

    url: str = doc("The address of its API.")
    credentials: ProviderCredentialsInput | None = _optional("How the gateway proves who it is.")


@strawberry.input(description="Any other system, by an adapter that is installed beside the gateway.")
class CustomAdapterInput:
    """An adapter and its own settings."""

    __repr__ = _unprinted

    name: str = doc("The adapter's name.")
    settings: Json = doc("The adapter's own settings, an object; credentials don't belong here.")
    credentials: ProviderCredentialsInput | None = _optional("How the gateway proves who it is.")


@strawberry.input(one_of=True, description="How a provider is reached.")
class ProviderConnectionInput:
    """Exactly one of these."""

    tm_forum: TmForumConnectionInput | None = _optional("By the TM Forum's Open APIs.")
    on_api: OnApiConnectionInput | None = _optional("By ON-API.")
    adapter: CustomAdapterInput | None = _optional("By any other adapter.")


@strawberry.input(description="An agreement that is proposed to other providers; it counts once they confirm it.")
class AgreementProposalInput:
    """With whom, for what and for how long."""

    name: str = doc("Its name, 1 to 200 characters.")
    provider_ids: list[strawberry.ID] = doc("The other providers, at most 19; with none, the gateway's operator.")
    with_operator: bool = _optional("Whether the gateway's operator is a party beside them.", False)
    categories: list[str] | None = _optional("The slugs of the categories it is about, at most 100; all if left out.")
    valid_from: datetime | None = _optional("When it begins; at once where left out.")
    valid_until: datetime | None = _optional("When it ends; never where left out.")


def connection_of(given: ProviderConnectionInput) -> Connection:
    """The connection as the adapters know it. Raises: RequestError INVALID_CONNECTION at `connection`."""
    if given.tm_forum:
        version = {"version": "V5"} if given.tm_forum.version is TmForumVersion.V5 else {}
        return _connection("tmforum", {"url": given.tm_forum.url, **version}, given.tm_forum.credentials)
    if given.on_api:
        return _connection("on-api", {"url": given.on_api.url}, given.on_api.credentials)
    if given.adapter is None:
        raise RequestError(invalid_connection("", "tmForum, onApi or adapter"))
    settings = given.adapter.settings
    if not isinstance(settings, Mapping) or "credentials" in settings:
        if isinstance(settings, Mapping):
            raise RequestError(invalid_connection("credentials", "they stand beside the settings, not in them"))
        raise RequestError(invalid_connection("settings", "an object is expected"))
    return _connection(given.adapter.name, settings, given.adapter.credentials)


def _connection(adapter: str, options: Mapping[str, Any], credentials: ProviderCredentialsInput | None) -> Connection:
    return Connection(adapter, options, _credentials(credentials) if credentials else None)


def _credentials(given: ProviderCredentialsInput) -> Mapping[str, Any]:
    if given.bearer_token is not None:
        return {"bearer_token": given.bearer_token}
    if given.basic is not None:
        return {"basic": {"username": given.basic.username, "password": given.basic.password}}
    client = given.oauth_client
    if client is None:
        return {}
    scope = {"scope": client.scope} if client.scope else {}
    parts = {"token_url": client.token_url, "client_id": client.client_id, "client_secret": client.client_secret}
    return {"oauth_client": {**parts, **scope}}


def agreement_of(given: AgreementProposalInput) -> GivenAgreement:
    """The proposal as it was given."""
    categories = None if given.categories is None else tuple(given.categories)
    return GivenAgreement(
        given.name,
        tuple(given.provider_ids),
        given.with_operator,
        categories,
        given.valid_from,
        given.valid_until,
    )
