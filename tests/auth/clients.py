"""Service clients that ask for tokens, as programs do."""

from base64 import b64encode
from collections.abc import Iterable, Mapping
from urllib.parse import quote, urlencode

from gateway.domain.clients import ClientScope
from gateway.usecases.clients import NewSecret, create_client
from tests.auth.server import Answer, Running

FORM = {"content-type": "application/x-www-form-urlencoded"}
PARTNER = (ClientScope.PROVIDERS_WRITE,)
GRANT = {"grant_type": "client_credentials"}


async def a_client(server: Running, scopes: Iterable[ClientScope] = PARTNER, name: str = "acme") -> NewSecret:
    """A client that is kept now."""
    return await create_client(server.parts.core, name, scopes)


def basic(client_id: str, secret: str) -> dict[str, str]:
    """The header of client_secret_basic: each part is percent-encoded first."""
    pair = f"{quote(client_id, safe='')}:{quote(secret, safe='')}".encode()
    return {"authorization": f"Basic {b64encode(pair).decode()}"}


def by(client: NewSecret) -> dict[str, str]:
    """The client's header."""
    return basic(client.client.id, client.secret)


async def asked(server: Running, headers: Mapping[str, str] | None = None, **fields: str) -> Answer:
    """The answer to a request for a token; the grant is there unless another is given."""
    body = urlencode({name: value for name, value in {**GRANT, **fields}.items() if value}).encode()
    return await server.client.send("POST", "/auth/token", body, {**FORM, **(headers or {})})


async def a_token(server: Running, client: NewSecret, **fields: str) -> str:
    """A token of the client's."""
    answer = await asked(server, by(client), **fields)
    assert answer.status == 200, answer.body
    token: str = answer.body["access_token"]
    return token


def refusal(answer: Answer) -> tuple[int, str]:
    """The status and the error; each refusal is checked to be as OAuth has it."""
    assert sorted(answer.body) == ["error", "error_description"]
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Content-Type"] == "application/json"
    assert ("WWW-Authenticate" in answer.headers) is (answer.status == 401)
    return answer.status, answer.body["error"]
