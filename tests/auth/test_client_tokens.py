"""Service clients get tokens by OAuth 2.0 client credentials: what they send, what comes back, what is refused."""

import asyncio
from collections.abc import Mapping

import pytest
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc8414 import AuthorizationServerMetadata
from joserfc import jwt
from joserfc.jwk import KeySet

from gateway.api.auth.oauth import CHALLENGE
from gateway.domain.clients import ClientRecord, ClientScope
from gateway.usecases.clients import end_client
from tests.auth.clients import FORM, a_client, a_token, asked, basic, by, refusal
from tests.auth.server import Running
from tests.clock import NOON
from tests.samples import new_id

EVERYTHING = (ClientScope.PROVIDERS_WRITE, ClientScope.OPERATIONS)
INVALID_CLIENT = (401, "invalid_client")


async def test_a_client_gets_a_token_that_lives_a_quarter_of_an_hour(server: Running) -> None:
    acme = await a_client(server)

    answer = await asked(server, by(acme))

    assert (answer.status, answer.headers["Cache-Control"]) == (200, "no-store")
    token = answer.body.pop("access_token")
    assert answer.body == {"token_type": "Bearer", "expires_in": 900, "scope": "providers:write"}
    server.clock.advance(seconds=899)
    who = (await server.client.who(token)).body
    assert (who["username"], who["client"]) == (None, {"id": acme.client.id, "scopes": ["providers:write"]})
    server.clock.advance(seconds=1)
    assert (await server.client.who(token)).body == {"error": "UNAUTHENTICATED"}


async def test_a_client_may_say_who_it_is_in_the_form(server: Running) -> None:
    acme = await a_client(server)

    answer = await asked(server, client_id=acme.client.id, client_secret=acme.secret)

    assert answer.status == 200
    assert (await server.client.who(answer.body["access_token"])).body["client"]["id"] == acme.client.id


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post"])
async def test_a_client_library_gets_its_token_as_it_stands(server: Running, method: str) -> None:
    acme = await a_client(server, EVERYTHING)

    def fetch() -> Mapping[str, object]:
        with OAuth2Session(acme.client.id, acme.secret, method, scope="operations") as session:
            found: Mapping[str, object] = session.fetch_token(
                f"{server.client.address}/auth/token", grant_type="client_credentials"
            )
            return found

    token = await asyncio.to_thread(fetch)

    assert token["scope"] == "operations"
    assert (await server.client.who(str(token["access_token"]))).body["client"]["scopes"] == ["operations"]


@pytest.mark.parametrize(
    ("scope", "granted"),
    [
        ("", "operations providers:write"),
        ("operations", "operations"),
        ("providers:write operations operations", "operations providers:write"),
    ],
)
async def test_a_scope_narrows_what_the_token_may(server: Running, scope: str, granted: str) -> None:
    acme = await a_client(server, EVERYTHING)

    assert (await asked(server, by(acme), scope=scope)).body["scope"] == granted


async def test_a_client_of_no_scope_gets_a_token_for_what_is_public(server: Running) -> None:
    acme = await a_client(server, ())

    answer = await asked(server, by(acme))

    assert "scope" not in answer.body
    assert (await server.client.who(answer.body["access_token"])).body["client"]["scopes"] == []


@pytest.mark.parametrize("scope", ["operations", "providers:write operations", "unknown", "providers:*", "a\u00e9"])
async def test_a_scope_that_the_client_has_not_is_refused(server: Running, scope: str) -> None:
    acme = await a_client(server)

    assert refusal(await asked(server, by(acme), scope=scope)) == (400, "invalid_scope")


async def test_wrong_unknown_and_ended_look_the_same(server: Running) -> None:
    acme, ended = await a_client(server), await a_client(server, name="ended")
    await end_client(server.parts.core, ended.client.id)

    answers = [
        await asked(server, headers)
        for headers in (
            basic(acme.client.id, "wrong"),
            basic(acme.client.id, acme.secret + "x"),
            basic(acme.client.id, ""),
            basic(new_id("ServiceClient"), acme.secret),
            basic("acme", acme.secret),
            basic("\0", "\0"),
            basic("é" * 2000, "é" * 2000),
            by(ended),
        )
    ]

    assert [refusal(each) for each in answers] == [INVALID_CLIENT] * len(answers)
    assert len({str(each.body) for each in answers}) == 1
    assert {each.headers["WWW-Authenticate"] for each in answers} == {CHALLENGE}


@pytest.mark.parametrize("who", ["right", "wrong", "unknown", "ended"])
async def test_wrong_unknown_and_ended_take_the_same_work(
    server: Running, monkeypatch: pytest.MonkeyPatch, who: str
) -> None:
    acme = await a_client(server)
    compared: list[str] = []
    original = ClientRecord.generation_of

    def counting(record: ClientRecord, digest: str, now: object) -> int | None:
        compared.append(record.id)
        return original(record, digest, now)  # type: ignore[arg-type]

    monkeypatch.setattr(ClientRecord, "generation_of", counting)
    if who == "ended":
        await end_client(server.parts.core, acme.client.id)
    client_id = new_id("ServiceClient") if who == "unknown" else acme.client.id

    await asked(server, basic(client_id, "wrong" if who == "wrong" else acme.secret))

    assert compared == [("" if who == "unknown" else acme.client.id)]


BASIC_WRONG = ["Basic", "Basic !!!", "Basic bm9jb2xvbg==", "Basic //8=", "Basic JUZG0Q==", "Bearer x", "Digest x", ""]


@pytest.mark.parametrize("authorization", BASIC_WRONG)
async def test_a_header_that_says_nobody_is_refused_as_a_wrong_secret_is(server: Running, authorization: str) -> None:
    assert refusal(await asked(server, {"authorization": authorization})) == INVALID_CLIENT


async def test_who_says_nothing_of_itself_is_refused_so_too(server: Running) -> None:
    acme = await a_client(server)

    assert refusal(await asked(server)) == INVALID_CLIENT
    assert refusal(await asked(server, client_id=acme.client.id)) == INVALID_CLIENT
    assert refusal(await asked(server, client_secret=acme.secret)) == INVALID_CLIENT


async def test_a_secret_in_the_address_does_not_count(server: Running) -> None:
    acme = await a_client(server)
    address = f"/auth/token?client_id={acme.client.id}&client_secret={acme.secret}"

    assert refusal(await server.client.send("POST", address, b"grant_type=client_credentials", FORM)) == INVALID_CLIENT


async def test_two_ways_at_once_are_one_too_many(server: Running) -> None:
    acme = await a_client(server)

    both = await asked(server, by(acme), client_id=acme.client.id, client_secret=acme.secret)
    another = await asked(server, by(acme), client_id=new_id("ServiceClient"))
    named_twice = await asked(server, by(acme), client_id=acme.client.id)

    assert refusal(both) == refusal(another) == (400, "invalid_request")
    assert named_twice.status == 200


@pytest.mark.parametrize(
    ("grant", "error"),
    [("", "invalid_request"), ("password", "unsupported_grant_type"), ("authorization_code", "unsupported_grant_type")],
)
async def test_another_grant_is_refused(server: Running, grant: str, error: str) -> None:
    acme = await a_client(server)

    assert refusal(await asked(server, by(acme), grant_type=grant)) == (400, error)


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b'{"grant_type": "client_credentials"}', {"content-type": "application/json"}, 400),
        (b"grant_type=client_credentials", {"content-type": "text/plain"}, 400),
        (b"grant_type=client_credentials&grant_type=client_credentials", FORM, 400),
        (b"grant_type=client_credentials&scope=%ff", FORM, 400),
        (b"grant_type=\xff", FORM, 400),
        (b"&".join(b"%d=1" % number for number in range(30)), FORM, 400),
        (b"scope=" + b"x" * 20_000, FORM, 413),
    ],
)
async def test_what_is_no_form_of_ours_is_refused(
    server: Running, body: bytes, headers: Mapping[str, str], status: int
) -> None:
    acme = await a_client(server)

    answer = await server.client.send("POST", "/auth/token", body, {**headers, **by(acme)})

    assert refusal(answer) == (status, "invalid_request")


async def test_what_the_gateway_does_not_know_is_ignored(server: Running) -> None:
    acme = await a_client(server)

    assert (await asked(server, by(acme), resource="https://example.com", audience="x")).status == 200


async def test_another_method_is_told_which_one_to_use(server: Running) -> None:
    answer = await server.client.send("GET", "/auth/token?grant_type=client_credentials")

    assert refusal(answer) == (405, "invalid_request")
    assert answer.headers["Allow"] == "POST"


async def test_when_a_client_last_got_a_token_is_known_to_the_minute(server: Running) -> None:
    acme = await a_client(server)

    async def last_used() -> object:
        await a_token(server, acme)
        async with server.parts.core.storage.reading() as unit:
            record = await unit.clients.get(acme.client.id)
        return record and record.last_used_at

    assert await last_used() == NOON
    server.clock.advance(seconds=59)
    assert await last_used() == NOON
    server.clock.advance(seconds=1)
    assert await last_used() == server.clock.now()


async def test_others_find_what_they_need_to_check_a_token(server: Running) -> None:
    acme = await a_client(server)
    token = await a_token(server, acme)

    found = await server.client.send("GET", "/.well-known/oauth-authorization-server")
    keys = await server.client.send("GET", "/.well-known/jwks.json")

    # The library takes an empty list for a missing one.
    AuthorizationServerMetadata({**found.body, "response_types_supported": ["code"]}).validate()
    issuer = found.body["issuer"]
    assert found.body == {
        "issuer": issuer,
        "token_endpoint": f"{issuer}/auth/token",
        "jwks_uri": f"{issuer}/.well-known/jwks.json",
        "scopes_supported": ["operations", "providers:write"],
        "response_types_supported": [],
        "grant_types_supported": ["client_credentials"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
    }
    assert [sorted(key) for key in keys.body["keys"]] == [["alg", "crv", "kid", "kty", "use", "x", "y"]]
    read = jwt.decode(token, KeySet.import_key_set(keys.body), ["ES256"])
    jti = read.claims.pop("jti")
    at = int(NOON.timestamp())
    assert read.header["typ"] == "at+jwt"
    assert read.claims == {
        "iss": issuer,
        "aud": "telecom-gateway-api",
        "sub": acme.client.id,
        "client_id": acme.client.id,
        "scope": "providers:write",
        "generation": 1,
        "iat": at,
        "nbf": at,
        "exp": at + 900,
    }
    assert jti not in jwt.decode(await a_token(server, acme), KeySet.import_key_set(keys.body), ["ES256"]).claims["jti"]
