"""A service client's token counts for what it is, and as long as its client and its secret do."""

import dataclasses
import io
import logging
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
import structlog
from joserfc import jwt
from joserfc.jwk import ECKey

from gateway.api.auth import AuthSettings
from gateway.api.auth.keys import read_keys
from gateway.api.auth.tokens import ISSUER, TYPE
from gateway.domain.clients import ClientScope
from gateway.domain.errors import RequestError
from gateway.usecases.clients import NewSecret, client_topic, end_client, ensure_client, rotate_secret
from tests.auth.clients import a_client, a_token, asked, basic, by, refusal
from tests.auth.server import Running, serving
from tests.clock import NOON, SettableClock
from tests.samples import new_id

REFUSED = {"error": "UNAUTHENTICATED"}
AT_ONCE = timedelta()


async def scopes_of(server: Running, token: str) -> Any:
    """The scopes that the gateway takes the sender to have; None for who is refused."""
    body = (await server.client.who(token)).body
    return None if body == REFUSED else body["client"]["scopes"]


def unsigned(*parts: object) -> str:
    return ".".join(urlsafe_b64encode(orjson.dumps(part)).decode().rstrip("=") for part in parts) + "."


async def test_a_token_that_the_gateway_did_not_make_so_is_refused(server: Running, tmp_path: Path) -> None:
    acme = await a_client(server)
    key = read_keys(tmp_path).signing.keys[0]
    assert isinstance(key, ECKey)
    stranger = ECKey.generate_key("P-256", {"kid": str(key.kid)}, private=True)
    good = jwt.decode(await a_token(server, acme), key, ["ES256"])
    header = {"alg": "ES256", "typ": TYPE, "kid": key.kid}
    at = int(NOON.timestamp())

    def signed(with_key: ECKey = key, head: Mapping[str, str] = {}, **changes: object) -> str:
        claims = {name: value for name, value in {**good.claims, **changes}.items() if value is not None}
        return jwt.encode({**header, **head}, claims, with_key, ["ES256"])

    assert await scopes_of(server, signed()) == ["providers:write"]
    wrong = {
        "another key": signed(stranger),
        "another type": signed(head={"typ": "JWT"}),
        "another kid": signed(head={"kid": "another"}),
        "another issuer": signed(iss="https://example.com"),
        "a session's issuer": signed(iss=ISSUER),
        "another audience": signed(aud="another"),
        "no audience": signed(aud=None),
        "expired": signed(exp=at - 1),
        "from the future": signed(nbf=at + 100),
        "for ever": signed(exp=None),
        "another's": signed(client_id=new_id("ServiceClient")),
        "an unknown client's": signed(client_id=new_id("ServiceClient"), sub=new_id("ServiceClient")),
        "no id of its own": signed(jti=None),
        "a secret to come": signed(generation=2),
        "no secret": signed(generation=None),
        "no number": signed(generation="x"),
        "a list": signed(generation=[1]),
        "unsigned": unsigned({**header, "alg": "none"}, good.claims),
        "by a password": unsigned({**header, "alg": "HS256"}, good.claims),
    }
    assert {name: await scopes_of(server, token) for name, token in wrong.items()} == dict.fromkeys(wrong)


async def test_a_scope_written_into_a_token_is_not_had(server: Running, tmp_path: Path) -> None:
    """Not even by who has the key: what a client may is kept, not believed."""
    acme = await a_client(server)
    key = read_keys(tmp_path).signing.keys[0]
    good = jwt.decode(await a_token(server, acme), key, ["ES256"])
    claims = {**good.claims, "scope": "operations providers:write"}

    token = jwt.encode({"alg": "ES256", "typ": TYPE, "kid": key.kid}, claims, key, ["ES256"])

    assert await scopes_of(server, token) == ["providers:write"]


@pytest.mark.requirement("S6")
async def test_a_clients_token_is_no_sessions_and_a_sessions_no_clients(server: Running, tmp_path: Path) -> None:
    maria, token = await server.client.signed_in(), await a_token(server, await a_client(server))
    key = read_keys(tmp_path).signing.keys[0]
    session, client = (jwt.decode(each, key, ["ES256"]).claims for each in (maria["access_token"], token))

    def signed(claims: Mapping[str, Any]) -> str:
        return jwt.encode({"alg": "ES256", "typ": TYPE, "kid": key.kid}, dict(claims), key, ["ES256"])

    mixed = [
        {**client, "sid": session["sid"]},
        {**session, "client_id": client["client_id"]},
        {**session, "client_id": session["sub"], "iss": client["iss"], "jti": "x", "generation": 1, "sid": None},
        {key: value for key, value in client.items() if key != "client_id"},
        {**{key: value for key, value in client.items() if key != "client_id"}, "sid": session["sid"]},
    ]
    bearer = {"authorization": f"Bearer {token}"}
    cookie = {"cookie": f"__Host-access={token}", "origin": "https://app.example.com"}

    assert [(await server.client.who(signed(each))).body for each in mixed] == [REFUSED] * len(mixed)
    assert (await server.client.who(headers=cookie)).body == REFUSED
    assert (await server.client.post("/auth/refresh", {"refresh_token": token})).status == 401
    assert (await server.client.send("DELETE", "/auth/session", headers=bearer)).status == 401
    assert (await asked(server, bearer)).status == 401
    assert await scopes_of(server, token) == ["providers:write"]


@pytest.mark.requirement("S6")
async def test_ending_a_client_refuses_its_tokens_at_once_and_wakes_its_connections(server: Running) -> None:
    acme, other = await a_client(server), await a_client(server)
    token, others = await a_token(server, acme), await a_token(server, other)
    caller = await server.identity.caller_of_token(token, "")
    was_live = await server.identity.is_live(caller)

    with server.parts.core.wakeups.listen(client_topic(acme.client.id)) as connection:
        ended = await end_client(server.parts.core, acme.client.id)
        is_woken = await connection.wait(1)
    server.clock.advance(hours=1)
    again = await end_client(server.parts.core, acme.client.id)

    assert (was_live, is_woken, await server.identity.is_live(caller)) == (True, True, False)
    assert ended.ended_at == again.ended_at == NOON
    server.clock.at = NOON
    assert await scopes_of(server, token) is None
    assert await scopes_of(server, others) == ["providers:write"]
    assert refusal(await asked(server, by(acme))) == (401, "invalid_client")
    with pytest.raises(RequestError, match="CLIENT_ENDED"):
        await rotate_secret(server.parts.core, acme.client.id)


async def secrets_that_work(server: Running, *clients: NewSecret) -> list[bool]:
    return [(await asked(server, by(each))).status == 200 for each in clients]


async def test_a_new_secret_leaves_the_one_before_it_a_grace(server: Running) -> None:
    first = await a_client(server)
    old = await a_token(server, first)

    second = await rotate_secret(server.parts.core, first.client.id, timedelta(minutes=5))

    assert await secrets_that_work(server, first, second) == [True, True]
    assert await scopes_of(server, old) == ["providers:write"]
    # What came by the first secret ends with it; what came by the second goes on.
    new = await a_token(server, second)
    caller = await server.identity.caller_of_token(old, "")
    server.clock.advance(minutes=5)
    assert await secrets_that_work(server, first, second) == [False, True]
    assert not await server.identity.is_live(caller)
    assert [await scopes_of(server, each) for each in (old, new)] == [None, ["providers:write"]]


async def test_of_three_secrets_the_last_two_count(server: Running) -> None:
    first = await a_client(server)
    second = await rotate_secret(server.parts.core, first.client.id)
    third = await rotate_secret(server.parts.core, first.client.id)

    assert await secrets_that_work(server, first, second, third) == [False, True, True]


async def test_a_secret_that_leaked_ends_at_once_with_all_that_came_by_it(server: Running) -> None:
    first = await a_client(server)
    stolen = await a_token(server, first)

    second = await rotate_secret(server.parts.core, first.client.id, AT_ONCE)

    assert await secrets_that_work(server, first, second) == [False, True]
    assert await scopes_of(server, stolen) is None
    assert await scopes_of(server, await a_token(server, second)) == ["providers:write"]


async def test_a_client_that_another_process_ended_is_refused_within_five_seconds(server: Running) -> None:
    acme = await a_client(server)
    token = await a_token(server, acme)
    assert await scopes_of(server, token) == ["providers:write"]
    async with server.parts.core.storage.writing() as unit:  # nobody is woken
        await unit.clients.save(dataclasses.replace(acme.client, ended_at=NOON))

    server.clock.advance(seconds=5)

    assert await scopes_of(server, token) is None


async def test_tokens_of_clients_survive_a_restart(tmp_path: Path) -> None:
    clock = SettableClock()
    async with serving(tmp_path, clock, AuthSettings()) as before:
        token = await a_token(before, await a_client(before))

    async with serving(tmp_path, clock, AuthSettings()) as after:
        assert await scopes_of(after, token) == ["providers:write"]


async def test_seeding_a_client_again_changes_nothing_but_a_new_secret(server: Running) -> None:
    core, client_id = server.parts.core, new_id("ServiceClient")

    async def seed(secret: str) -> tuple[int, int]:
        await ensure_client(core, client_id, secret, "acme", [ClientScope.PROVIDERS_WRITE])
        async with core.storage.reading() as unit:
            record = await unit.clients.get(client_id)
        assert record is not None
        return record.generation, (await asked(server, basic(client_id, secret))).status

    assert [await seed("one"), await seed("one"), await seed("another")] == [(1, 200), (1, 200), (2, 200)]
    assert refusal(await asked(server, basic(client_id, "one"))) == (401, "invalid_client")


async def test_no_secret_and_no_token_is_in_a_log_the_database_or_a_word_about_the_client(
    server: Running, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    written = io.StringIO()
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(written))
    try:
        with caplog.at_level(logging.DEBUG):
            first = await a_client(server)
            second = await rotate_secret(server.parts.core, first.client.id)
            tokens = [await a_token(server, each) for each in (first, second)]
            for each in ("wrong-secret-of-acme", second.secret):
                await asked(server, basic(new_id("ServiceClient"), each))
                await asked(server, {}, client_id=new_id("ServiceClient"), client_secret=each)
    finally:
        structlog.reset_defaults()

    secrets = [first.secret, second.secret, "wrong-secret-of-acme", *tokens]
    kept = b"".join(file.read_bytes() for file in tmp_path.rglob("*") if file.is_file())  # noqa: ASYNC240
    told = f"{caplog.text}{written.getvalue()}{first!r}{second!r}{second.client}"
    assert [each for each in secrets if each.encode() in kept or each in told] == []
    assert second.client.secret_digest.encode() in kept
    assert [each for each in (first, second) if each.client.secret_digest in repr(second)] == []
