"""What the issuer says of itself. Source: OpenID Connect Discovery 1.0, sections 3 and 4; RFC 8414; RFC 9207."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from authlib.oidc.discovery import get_well_known_url

from gateway.api.oidc.http import IssuerHttp, IssuerUnavailable


@dataclass(frozen=True, slots=True)
class Metadata:
    """The addresses that the gateway uses; `names_itself` where each answer to a browser says which issuer it is of."""

    authorization: str
    token: str
    keys: str
    end_session: str | None
    takes_basic: bool
    names_itself: bool


async def fetch_metadata(http: IssuerHttp, issuer: str) -> Metadata:
    """Raises: IssuerUnavailable, also where the document is another issuer's."""
    url = str(get_well_known_url(issuer, external=True))
    found = await http.document(url)
    if found.get("issuer") != issuer:
        raise IssuerUnavailable(f"{url}: the document is of another issuer than GATEWAY_OIDC_ISSUER")
    is_plain = urlsplit(issuer).scheme == "http"
    methods = found.get("token_endpoint_auth_methods_supported")
    return Metadata(
        authorization=_address(found, "authorization_endpoint", is_plain),
        token=_address(found, "token_endpoint", is_plain),
        keys=_address(found, "jwks_uri", is_plain),
        end_session=_address(found, "end_session_endpoint", is_plain) if "end_session_endpoint" in found else None,
        # Where it says nothing it takes a header. Source: RFC 8414, section 2.
        takes_basic=not isinstance(methods, list) or "client_secret_basic" in methods,
        names_itself=found.get("authorization_response_iss_parameter_supported") is True,
    )


def _address(found: Mapping[str, Any], name: str, is_plain: bool) -> str:
    """Encrypted, but for an issuer that itself is not: on this machine, then."""
    value = found.get(name)
    parts = urlsplit(value) if isinstance(value, str) and value.isascii() and value.isprintable() else None
    if parts is None or not parts.hostname or parts.scheme not in ({"https", "http"} if is_plain else {"https"}):
        raise IssuerUnavailable(f"{name} is no address that the gateway may use")
    return str(value)
