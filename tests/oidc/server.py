"""Authlib's server of OAuth 2.0 and OpenID Connect, over what a test's issuer holds."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from authlib.oauth2.rfc6749 import AuthorizationServer, ClientMixin, OAuth2Request
from authlib.oauth2.rfc6749.grants import AuthorizationCodeGrant, ClientCredentialsGrant
from authlib.oauth2.rfc6749.requests import BasicOAuth2Payload
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oauth2.rfc9068 import JWTBearerTokenGenerator
from authlib.oidc.core import UserInfo
from authlib.oidc.core.grants import OpenIDCode
from authlib.oidc.core.models import AuthorizationCodeMixin
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, OKPKey, RSAKey
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

if TYPE_CHECKING:
    from tests.oidc.issuer import TestIssuer

CLIENT_ID, CLIENT_SECRET = "gateway", "gateway-secret"
AUDIENCE = "https://gateway.example.com/api"
PARTNER, PARTNER_SECRET = "acme-at-issuer", "acme-secret"
SigningKey = RSAKey | ECKey | OKPKey


@dataclass
class Client(ClientMixin):
    client_id: str
    secret: str
    redirect_uris: list[str]
    grants: list[str]
    scopes: set[str]

    def get_client_id(self) -> str:
        return self.client_id

    def get_default_redirect_uri(self) -> str | None:
        return None

    def get_allowed_scope(self, scope: str | None) -> str:
        return " ".join(each for each in (scope or "").split() if each in self.scopes)

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        return redirect_uri in self.redirect_uris

    def check_client_secret(self, client_secret: str) -> bool:
        return client_secret == self.secret

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return method == "client_secret_basic"

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type in self.grants


@dataclass
class Person:
    claims: Mapping[str, Any]

    def get_user_id(self) -> str:
        return str(self.claims["sub"])


@dataclass
class Code(AuthorizationCodeMixin):
    code: str
    redirect_uri: str
    scope: str
    nonce: str | None
    code_challenge: str | None
    code_challenge_method: str | None
    person: Person

    def get_redirect_uri(self) -> str:
        return self.redirect_uri

    def get_scope(self) -> str:
        return self.scope

    def get_nonce(self) -> str | None:
        return self.nonce

    def get_auth_time(self) -> int:
        return int(time.time())


class FormRequest(OAuth2Request):
    def __init__(self, request: Request, form: Mapping[str, str]) -> None:
        super().__init__(request.method, f"https://issuer{request.url.path}", headers=request.headers)
        self._form = dict(form)
        self.payload = BasicOAuth2Payload({**request.query_params, **form})

    @property
    def form(self) -> dict[str, str]:
        return self._form


class Server(AuthorizationServer):
    """Authlib's server with two clients: the gateway, and a partner that signs in for itself."""

    def __init__(self, issuer: "TestIssuer") -> None:
        super().__init__()
        self.issuer = issuer
        self.register_grant(CodeGrant, [IdTokens(issuer), CodeChallenge(required=True)])
        self.register_grant(CredentialsGrant)
        self.register_token_generator("default", AccessTokens(issuer))

    def query_client(self, client_id: str) -> Client | None:
        callback = [self.issuer.callback]
        known = (
            Client(CLIENT_ID, CLIENT_SECRET, callback, ["authorization_code"], {"openid", "profile", "email"}),
            Client(PARTNER, PARTNER_SECRET, [], ["client_credentials"], {"providers:write"}),
        )
        return next((each for each in known if each.client_id == client_id), None)

    def save_token(self, token: Any, request: Any) -> None:
        """It need not know its tokens again."""

    def send_signal(self, name: str, *args: Any, **kwargs: Any) -> None:
        """Nobody listens."""

    def create_oauth2_request(self, request: FormRequest) -> FormRequest:
        return request

    def handle_response(self, status: int, body: Any, headers: Any) -> Response:
        answer = JSONResponse(body, status) if isinstance(body, dict) else Response(body, status)
        answer.headers.update({name: value for name, value in headers if name.lower() != "content-type"})
        return answer


class CodeGrant(AuthorizationCodeGrant):
    TOKEN_ENDPOINT_AUTH_METHODS = ("client_secret_basic",)

    def save_authorization_code(self, code: str, request: Any) -> None:
        data, codes = request.payload.data, self.server.issuer.codes
        challenge = data.get("code_challenge"), data.get("code_challenge_method")
        codes[code] = Code(
            code, request.payload.redirect_uri, request.payload.scope, data.get("nonce"), *challenge, request.user
        )

    def query_authorization_code(self, code: str, client: Any) -> Code | None:
        found: Code | None = self.server.issuer.codes.get(code)
        return found

    def delete_authorization_code(self, authorization_code: Code) -> None:
        del self.server.issuer.codes[authorization_code.code]

    def authenticate_user(self, authorization_code: Code) -> Person:
        return authorization_code.person


class CredentialsGrant(ClientCredentialsGrant):
    TOKEN_ENDPOINT_AUTH_METHODS = ("client_secret_basic",)


class IdTokens(OpenIDCode):
    def __init__(self, issuer: "TestIssuer") -> None:
        super().__init__(require_nonce=True)
        self.issuer = issuer

    def exists_nonce(self, nonce: str, request: Any) -> bool:
        return any(each.nonce == nonce for each in self.issuer.codes.values())

    def resolve_client_private_key(self, client: Any) -> SigningKey:
        return self.issuer.keys[0]

    def get_client_algorithm(self, client: Any) -> str:
        return self.issuer.algorithm

    def get_encode_header(self, client: Any) -> dict[str, Any]:
        return {"alg": self.issuer.algorithm, "kid": self.issuer.keys[0].kid}

    def get_client_claims(self, client: Any) -> dict[str, Any]:
        return {"iss": self.issuer.address, "aud": CLIENT_ID, "sid": self.issuer.sid}

    def generate_user_info(self, user: Person, scope: str) -> UserInfo:
        return UserInfo(**user.claims)

    def encode_id_token(self, token: Any, request: Any) -> str:
        text = str(super().encode_id_token(token, request))
        if self.issuer.spoil is None:
            return text
        read = jwt.decode(text, KeySet(list(self.issuer.keys)), [self.issuer.algorithm])
        return self.issuer.spoil(dict(read.header), dict(read.claims))


class AccessTokens(JWTBearerTokenGenerator):
    def __init__(self, issuer: "TestIssuer") -> None:
        super().__init__(issuer.address, issuer.algorithm)
        self._issuer = issuer

    def get_jwks(self) -> SigningKey:
        return self._issuer.keys[0]

    def get_audiences(self, client: Any, user: Any, scope: Any) -> str:
        return AUDIENCE
