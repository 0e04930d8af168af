"""An identity provider that runs: OpenID Connect by Authlib's server, over real HTTP on loopback.

It knows one person at a time (`person`), who agrees to everything. `spoil` may write each ID token anew, `metadata` and
`published` say what it tells of itself: so it can be made to lie.
"""

import time
import warnings
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl
from uuid import uuid4

import uvicorn
from authlib.oauth2.rfc6749 import OAuth2Error
from joserfc import jwt
from joserfc.errors import SecurityWarning
from joserfc.jwk import RSAKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.oidc.server import AUDIENCE, CLIENT_ID, PARTNER, Code, FormRequest, Person, Server, SigningKey
from tests.serving import listening

ANNA: Mapping[str, Any] = {
    "sub": "anna-1",
    "preferred_username": "anna",
    "name": "Anna Example",
    "email": "anna@example.com",
    "email_verified": True,
}
Spoil = Callable[[dict[str, Any], dict[str, Any]], str]
LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"


@dataclass
class TestIssuer:
    """The provider, and what a test may make of it. The first of `keys` signs, all of them are published."""

    __test__ = False

    address: str = ""
    callback: str = ""
    person: Mapping[str, Any] = field(default_factory=lambda: dict(ANNA))
    sid: str = "issuer-session-1"
    keys: list[SigningKey] = field(default_factory=lambda: [new_key()])
    algorithm: str = "RS256"
    spoil: Spoil | None = None
    denies: bool = False
    metadata: dict[str, Any] = field(default_factory=dict)
    published: Any = None
    requests: list[str] = field(default_factory=list)
    token_forms: list[Mapping[str, str]] = field(default_factory=list)
    codes: dict[str, Code] = field(default_factory=dict)

    def rotate(self, key: SigningKey | None = None, *, keeps_old: bool = True) -> None:
        """Signs with a new key from now on."""
        self.keys = [key or new_key(), *(self.keys if keeps_old else [])]

    def signed(self, claims: Mapping[str, Any], key: SigningKey | None = None, **header: Any) -> str:
        """A token of these claims, by the present key unless another is given."""
        key = key or self.keys[0]
        head = {"alg": self.algorithm, "kid": key.kid, "typ": "JWT", **header}
        given = {name: each for name, each in claims.items() if each is not None}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SecurityWarning)  # of EdDSA's other name
            return jwt.encode(head, given, key, [head["alg"]])

    def logout_token(self, key: SigningKey | None = None, header: Mapping[str, Any] = {}, **changes: Any) -> str:
        """What it posts when the person's session there ends."""
        now = int(time.time())
        claims = {
            "iss": self.address, "aud": CLIENT_ID, "iat": now, "exp": now + 120, "jti": uuid4().hex,
            "sub": self.person["sub"], "sid": self.sid, "events": {LOGOUT_EVENT: {}},
        }  # fmt: skip
        return self.signed({**claims, **changes}, key, **{"typ": "logout+jwt", **header})

    def client_claims(self, **changes: Any) -> dict[str, Any]:
        """The claims of a partner's access token, as RFC 9068 has them."""
        now = int(time.time())
        claims = {
            "iss": self.address, "aud": AUDIENCE, "iat": now, "exp": now + 300, "jti": uuid4().hex,
            "sub": PARTNER, "client_id": PARTNER, "scope": "providers:write",
        }  # fmt: skip
        return {**claims, **changes}

    def document(self) -> dict[str, Any]:
        own = {
            "issuer": self.address,
            "authorization_endpoint": f"{self.address}/authorize",
            "token_endpoint": f"{self.address}/token",
            "jwks_uri": f"{self.address}/keys",
            "end_session_endpoint": f"{self.address}/logout",
            "authorization_response_iss_parameter_supported": True,
        }
        return {name: each for name, each in {**own, **self.metadata}.items() if each is not None}


def new_key(size: int = 2048) -> RSAKey:
    """A key of its own id."""
    return RSAKey.generate_key(size, {"kid": uuid4().hex, "use": "sig"}, private=True)


def _app(issuer: TestIssuer, server: Server) -> Starlette:
    async def discovery(request: Request) -> Response:
        issuer.requests.append("discovery")
        return JSONResponse(issuer.document())

    async def keys(request: Request) -> Response:
        issuer.requests.append("keys")
        own = {"keys": [key.as_dict(private=False) for key in issuer.keys]}
        return JSONResponse(own if issuer.published is None else issuer.published)

    async def authorize(request: Request) -> Response:
        asked = FormRequest(request, {})
        try:
            grant = server.get_consent_grant(asked, Person(issuer.person))
        except OAuth2Error as error:
            return JSONResponse(dict(error.get_body()), 400)
        answer: Response = server.create_authorization_response(
            asked, None if issuer.denies else Person(issuer.person), grant
        )
        answer.headers["location"] += f"&iss={issuer.address}"
        return answer

    async def token(request: Request) -> Response:
        issuer.requests.append("token")
        form = dict(parse_qsl((await request.body()).decode(), strict_parsing=True))
        issuer.token_forms.append(form)
        answer: Response = server.create_token_response(FormRequest(request, form))
        return answer

    return Starlette(
        routes=[
            Route("/.well-known/openid-configuration", discovery),
            Route("/keys", keys),
            Route("/authorize", authorize),
            Route("/token", token, methods=["POST"]),
        ]
    )


@asynccontextmanager
async def an_issuer(port: int = 0) -> AsyncIterator[TestIssuer]:
    """One that serves until the exit, on that port or a free one."""
    issuer = TestIssuer()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await _app(issuer, Server(issuer))(scope, receive, send)

    config = uvicorn.Config(app, port=port, log_config=None, lifespan="off", ws="none")
    async with listening(config) as taken:
        issuer.address = f"http://127.0.0.1:{taken}"
        yield issuer
