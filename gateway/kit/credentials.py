"""How the gateway proves to a provider who it is: what an adapter's option `credentials` says."""

import re
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field

from yarl import URL

from gateway.kit.options import Options


@dataclass(frozen=True, slots=True)
class OAuthClient:
    """A client of the provider's token server. Source: RFC 6749, 4.4 (client credentials)."""

    token_url: str
    client_id: str
    client_secret: str = field(repr=False)
    scope: str | None = None


@dataclass(frozen=True, slots=True)
class Credentials:
    """Headers that go with each request, or a client whose tokens do."""

    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    oauth_client: OAuthClient | None = None


def read_credentials(options: Options | None) -> Credentials:
    """From `{bearer_token}`, `{basic: {username, password}}` or `{oauth_client: {token_url, client_id, client_secret,
    scope}}`; none without. Raises: InvalidOptions.
    """
    if options is None:
        return Credentials()
    token, basic, client = _visible(options, "bearer_token"), options.section("basic"), options.section("oauth_client")
    options.end()
    given = [each for each in (token, basic, client) if each is not None]
    if len(given) != 1:
        raise options.invalid("bearer_token", "give one: bearer_token, basic or oauth_client")
    if client is not None:
        return Credentials(oauth_client=_oauth_client(client))
    return Credentials({"Authorization": f"Bearer {token}" if basic is None else _basic(basic)})


def _basic(options: Options) -> str:
    username, password = options.required_text("username"), options.required_text("password")
    if ":" in username or not username.isprintable():
        raise options.invalid("username", "a text without a colon, on one line, is expected")
    if not password.isprintable():
        raise options.invalid("password", "a text on one line is expected")
    options.end()
    return basic_header(username, password)


def basic_header(username: str, password: str) -> str:
    """Source: RFC 7617, 2."""
    return "Basic " + b64encode(f"{username}:{password}".encode()).decode()


def _visible(options: Options, name: str) -> str | None:
    """A text that can stand in a header as it is. Source: RFC 6750, 2.1, read generously. Raises: InvalidOptions."""
    text = options.text(name)
    if text is not None and not re.fullmatch("[ -~]+", text):
        raise options.invalid(name, "letters, digits and signs of ASCII are expected, on one line")
    return text


def _oauth_client(options: Options) -> OAuthClient:
    found = OAuthClient(
        token_url=_http_url(options, "token_url"),
        client_id=options.required_text("client_id"),
        client_secret=options.required_text("client_secret"),
        scope=options.text("scope"),
    )
    options.end()
    return found


def _http_url(options: Options, name: str) -> str:
    text = options.required_text(name)
    try:
        url = URL(text)
    except ValueError:
        url = URL()
    if url.scheme not in {"http", "https"} or not url.host or url.user or url.fragment:
        raise options.invalid(name, "an http or https address is expected, without user or fragment")
    return text
