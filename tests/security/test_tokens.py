"""Who comes with something that is good no more, or never was, is refused, and that is told with its reason."""

import hmac
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from pathlib import Path

import orjson
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey
from sqlalchemy import select

from gateway.api.auth.keys import read_keys
from gateway.api.auth.tokens import AUDIENCE, TYPE
from gateway.domain.security import SecurityEventKind
from gateway.storage import SqlStorage, tables
from gateway.usecases.clients import end_client, rotate_secret
from tests.auth.clients import a_client, a_token, asked, basic
from tests.auth.server import MARIA, ORIGIN, SIGN_IN, Running
from tests.clock import NOON
from tests.security.recording import kept_refusals, recorded

KIND = SecurityEventKind
HERE = "127.0.0.1"


def storage_of(server: Running) -> SqlStorage:
    storage = server.parts.core.storage
    assert isinstance(storage, SqlStorage)
    return storage


async def sessions(server: Running) -> list[object]:
    """The sessions as they are kept."""
    async with storage_of(server).engine.begin() as connection:
        return [tuple(row) for row in await connection.execute(select(tables.session))]


async def reasons(server: Running) -> list[tuple[SecurityEventKind, str]]:
    """What was refused, and why."""
    return [(each.kind, each.params["reason"]) for each in await kept_refusals(server.parts.core)]


def unsigned(*parts: object) -> str:
    return ".".join(urlsafe_b64encode(orjson.dumps(part)).decode().rstrip("=") for part in parts) + "."


class Maker:
    """Makes tokens that are wrong in one thing each."""

    def __init__(self, folder: Path, good: str) -> None:
        key = read_keys(folder).signing.keys[0]
        assert isinstance(key, ECKey)
        self.key = key
        self.claims = jwt.decode(good, key, ["ES256"]).claims
        self.header = {"alg": "ES256", "typ": TYPE, "kid": str(key.kid)}

    def made(self, key: ECKey | None = None, header: Mapping[str, str] = {}, **claims: object) -> str:
        whole = {name: value for name, value in {**self.claims, **claims}.items() if value is not None}
        return jwt.encode({**self.header, **header}, whole, key or self.key, ["ES256"])

    def by_hash(self) -> str:
        """Signed by the public key as if that were a shared secret."""
        header = {**self.header, "alg": "HS256"}
        content = unsigned(header, self.claims).removesuffix(".")
        digest = hmac.digest(self.key.as_pem(private=False), content.encode(), "sha256")
        return f"{content}.{urlsafe_b64encode(digest).decode().rstrip('=')}"


AT = int(NOON.timestamp())
WRONG = (
    ("ALGORITHM", lambda maker: unsigned({**maker.header, "alg": "none"}, maker.claims)),
    ("ALGORITHM", lambda maker: maker.by_hash()),
    ("SIGNATURE", lambda maker: maker.made(ECKey.generate_key("P-256", {"kid": maker.header["kid"]}, private=True))),
    ("SIGNATURE", lambda maker: maker.made()[:-6] + "AAAAAA"),
    ("UNKNOWN_KEY", lambda maker: maker.made(header={"kid": "another"})),
    ("TYPE", lambda maker: maker.made(header={"typ": "JWT"})),
    ("AUDIENCE", lambda maker: maker.made(aud="another")),
    ("AUDIENCE", lambda maker: maker.made(aud=["one", "another"])),
    ("CLAIMS", lambda maker: maker.made(aud=[AUDIENCE, "another"], iss="another")),
    ("CLAIMS", lambda maker: maker.made(iss="another")),
    ("CLAIMS", lambda maker: maker.made(sid=None)),
    ("CLAIMS", lambda maker: maker.made(client_id="one too many")),
    ("CLAIMS", lambda maker: maker.made(exp=None)),
    ("EXPIRED", lambda maker: maker.made(exp=AT - 1)),
    ("NOT_YET", lambda maker: maker.made(nbf=AT + 120)),
    ("TOO_LONG", lambda maker: "x" * 5000),
    ("MALFORMED", lambda maker: "no token"),
    ("MALFORMED", lambda maker: "a.b.c"),
    ("MALFORMED", lambda maker: ""),
)


@pytest.mark.requirement("S4")
@pytest.mark.parametrize(("reason", "make"), [pytest.param(*each, id=f"{n}-{each[0]}") for n, each in enumerate(WRONG)])
async def test_a_bad_token_is_refused_told_and_changes_nothing(
    server: Running, tmp_path: Path, reason: str, make: object
) -> None:
    tokens = await server.client.signed_in()
    token = make(Maker(tmp_path, tokens["access_token"]))  # type: ignore[operator]
    before = await sessions(server)

    answers = [
        await server.client.send("DELETE", "/auth/session", None, {"authorization": f"Bearer {token}"}),
        await server.client.who(token),
    ]

    (told, again) = await kept_refusals(server.parts.core)
    assert [each.status for each in answers] == [401, 401]
    assert (told.kind, told.params, told.address, told.actor_id) == (KIND.TOKEN_REFUSED, {"reason": reason}, HERE, None)
    assert again.params == told.params
    assert await sessions(server) == before
    assert (await server.client.who(tokens["access_token"])).body["username"] == "maria"
    assert token == "" or token not in str(await recorded(server.parts.core.storage))


@pytest.mark.requirement("S4")
async def test_signing_in_and_out_is_told_with_whose_account_it_is(server: Running) -> None:
    account = (await server.client.post("/auth/accounts", MARIA)).body
    tokens = (await server.client.post("/auth/session", SIGN_IN)).body
    bearer = {"authorization": f"Bearer {tokens['access_token']}"}
    assert (await server.client.send("DELETE", "/auth/session", None, bearer)).status == 204

    events = await recorded(server.parts.core.storage)

    assert [each.kind for each in events] == [KIND.SIGNED_UP, KIND.SIGNED_IN, KIND.SIGNED_OUT]
    assert {(each.actor_id, each.customer_id, each.address) for each in events} == {
        (account["actorId"], account["customerId"], HERE)
    }
    assert events[1].params["session"] == events[2].params["session"]
    assert "maria" not in str([(each.params, each.subject) for each in events])


@pytest.mark.requirement("S4")
async def test_a_refused_sign_in_is_told_with_its_reason(server: Running) -> None:
    account = (await server.client.post("/auth/accounts", MARIA)).body

    for username in ("maria", "nobody"):
        await server.client.post("/auth/session", {"username": username, "password": "not the one at all"})
    for _ in range(10):
        await server.client.post("/auth/session", {"username": "maria", "password": "not the one at all"})

    kept = await kept_refusals(server.parts.core)
    by_reason = {each.params["reason"]: (each.kind, each.actor_id, each.customer_id) for each in kept}
    known = (KIND.SIGN_IN_REFUSED, account["actorId"], account["customerId"])
    assert by_reason == {
        "WRONG_PASSWORD": known,
        "UNKNOWN_NAME": (KIND.SIGN_IN_REFUSED, None, None),
        "LOCKED": known,
    }
    assert await recorded(server.parts.core.storage, KIND.SIGNED_IN) == []


@pytest.mark.requirement("S4")
async def test_a_stolen_refresh_token_is_told_with_the_session_that_ends(server: Running) -> None:
    tokens = await server.client.signed_in()
    used = {"refresh_token": tokens["refresh_token"]}
    assert (await server.client.post("/auth/refresh", used)).status == 200
    server.clock.advance(seconds=60)

    assert (await server.client.post("/auth/refresh", used)).status == 401
    assert (await server.client.post("/auth/refresh", used)).status == 401
    assert (await server.client.post("/auth/refresh", {"refresh_token": "made up"})).status == 401
    await server.client.who(tokens["access_token"])

    (ended,) = await recorded(server.parts.core.storage, KIND.REFRESH_TOKEN_REUSED)
    assert ended.params.keys() == {"session"}
    assert await reasons(server) == [
        (KIND.REFRESH_REFUSED, "REUSED"),
        (KIND.REFRESH_REFUSED, "ENDED"),
        (KIND.REFRESH_REFUSED, "UNKNOWN"),
        (KIND.TOKEN_REFUSED, "SESSION_ENDED"),
    ]


@pytest.mark.requirement("S4")
async def test_a_service_client_is_told_of_from_its_making_to_what_it_is_refused(server: Running) -> None:
    acme = await a_client(server)
    token = await a_token(server, acme)
    await asked(server, basic(acme.client.id, "wrong"))
    await asked(server, basic("nobody", "wrong"))
    await rotate_secret(server.parts.core, acme.client.id)
    await rotate_secret(server.parts.core, acme.client.id)
    await server.client.who(token)
    await end_client(server.parts.core, acme.client.id)
    await end_client(server.parts.core, acme.client.id)
    await asked(server, basic(acme.client.id, acme.secret))

    made = [each for each in await recorded(server.parts.core.storage) if each.kind.startswith("CLIENT_")]
    refused = await kept_refusals(server.parts.core)

    assert [(each.kind, each.subject) for each in made] == [
        (kind, acme.client.id) for kind in (KIND.CLIENT_ADDED, *[KIND.CLIENT_ROTATED] * 2, KIND.CLIENT_ENDED)
    ]
    assert [(each.kind, each.params["reason"], each.actor_id) for each in refused] == [
        (KIND.CLIENT_REFUSED, "WRONG_SECRET", acme.client.id),
        (KIND.CLIENT_REFUSED, "UNKNOWN_CLIENT", None),
        (KIND.TOKEN_REFUSED, "SECRET_CHANGED", acme.client.id),
        (KIND.CLIENT_REFUSED, "CLIENT_ENDED", acme.client.id),
    ]


async def test_a_cookie_from_another_sites_page_is_told(server: Running) -> None:
    await server.client.signed_in()
    answer = await server.client.post("/auth/session?mode=cookie", SIGN_IN, {"origin": ORIGIN})
    cookie = "; ".join(each.partition(";")[0] for each in answer.cookies.values())

    await server.client.post("/who", {}, {"cookie": cookie, "origin": "https://evil.example"})

    assert await reasons(server) == [(KIND.ACCESS_REFUSED, "ORIGIN")]
