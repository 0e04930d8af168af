"""Signing in, going on, signing out: tokens by bearer."""

import asyncio
import dataclasses
import json
import stat
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import timedelta
from pathlib import Path

import orjson
import pytest
from argon2 import PasswordHasher
from joserfc import jwt
from joserfc.jwk import ECKey

from gateway.api.auth import AuthSettings
from gateway.api.auth.key_changes import with_next, without
from gateway.api.auth.keys import KeysUnreadable, read_keys
from gateway.api.auth.tokens import AUDIENCE, ISSUER, TYPE
from gateway.domain.parties import Caller
from gateway.usecases.sessions import session_topic
from tests.auth.server import MARIA, SIGN_IN, Client, Running, serving
from tests.clock import NOON, SettableClock

REFUSED = {"error": "UNAUTHENTICATED"}


@pytest.mark.requirement("V2", "S1")
async def test_signing_in_gives_a_bearer_token_that_lives_a_quarter_of_an_hour(server: Running) -> None:
    tokens = await server.client.signed_in()

    assert sorted(tokens) == ["access_token", "expires_in", "refresh_token", "token_type"]
    assert (tokens["token_type"], tokens["expires_in"]) == ("Bearer", 900)
    server.clock.advance(seconds=899)
    assert (await server.client.who(tokens["access_token"])).body["username"] == "maria"
    server.clock.advance(seconds=1)
    assert (await server.client.who(tokens["access_token"])).body == REFUSED


async def test_the_name_signs_in_in_whatever_case_and_the_password_however_composed(client: Client) -> None:
    await client.post("/auth/accounts", {**MARIA, "password": "caf\u00e9 au lait, toujours"})

    decomposed = {"username": "MaRiA", "password": "cafe\u0301 au lait, toujours", "oneTimeCode": None}

    assert (await client.post("/auth/session", decomposed)).status == 200


@pytest.mark.parametrize(
    "changes",
    [
        {"password": "wrong horse battery staple"},
        {"password": MARIA["password"].upper()},
        {"password": ""},
        {"password": "nul\0"},
        {"password": "x" * 10_000},
        {"username": "lars"},
        {"username": "maria\0"},
        {"username": "x" * 5_000},
        {"username": "' OR 1=1 --"},
    ],
)
async def test_wrong_and_unknown_look_the_same(client: Client, changes: dict[str, str]) -> None:
    await client.post("/auth/accounts", MARIA)

    answer = await client.post("/auth/session", {**SIGN_IN, **changes})

    assert (answer.status, answer.problems) == (401, [(None, "INVALID_CREDENTIALS")])
    assert answer.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize(
    ("body", "problems"),
    [
        ({}, [("username", "MISSING"), ("password", "MISSING")]),
        ({"username": 1, "password": None}, [("username", "WRONG_TYPE"), ("password", "MISSING")]),
        ({**SIGN_IN, "oneTimeCode": 123456}, [("oneTimeCode", "WRONG_TYPE")]),
        ({**SIGN_IN, "remember": True}, [("remember", "UNKNOWN_FIELD")]),
    ],
)
async def test_a_wrong_form_is_told_field_by_field(
    client: Client, body: object, problems: list[tuple[str, str]]
) -> None:
    answer = await client.post("/auth/session", body)

    assert (answer.status, answer.problems) == (422, problems)


async def test_a_hash_of_weaker_parameters_is_replaced_at_the_next_sign_in(server: Running) -> None:
    await server.client.signed_in()
    accounts = server.parts.core.storage
    weak = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(MARIA["password"])
    async with accounts.writing() as unit:
        known = await unit.accounts.credentials("maria")
        assert known is not None
        await unit.accounts.set_password(known.actor_id, weak)

    answers = [await server.client.post("/auth/session", SIGN_IN) for _ in range(2)]

    async with accounts.reading() as unit:
        now = await unit.accounts.credentials("maria")
    assert [answer.status for answer in answers] == [200, 200]
    assert now is not None
    assert "m=47104,t=1,p=1" in now.password_hash


async def test_no_token_is_nobody_and_a_bad_one_is_refused(client: Client) -> None:
    good = (await client.signed_in())["access_token"]
    head, claims, signature = good.split(".")

    assert (await client.who()).body["username"] is None
    for token in ("", "nonsense", good[:-4] + "AAAA", f"{head}.{claims}.", f"{head}..{signature}", "x" * 20_000):
        assert (await client.who(token)).body == REFUSED
    assert (await client.who(headers={"authorization": f"Basic {good}"})).body == REFUSED
    assert (await client.who(headers={"authorization": f"bearer   {good}"})).body["username"] == "maria"


def unsigned(*parts: object) -> str:
    """A token whose signature is empty."""
    return ".".join(urlsafe_b64encode(orjson.dumps(part)).decode().rstrip("=") for part in parts) + "."


async def test_a_token_of_another_kind_issuer_audience_key_or_time_is_refused(server: Running, tmp_path: Path) -> None:
    tokens = await server.client.signed_in()
    key = read_keys(tmp_path).signing.keys[0]
    assert isinstance(key, ECKey)
    stranger = ECKey.generate_key("P-256", {"kid": str(key.kid)}, private=True)
    good = jwt.decode(tokens["access_token"], key, ["ES256"])
    header = {"alg": "ES256", "typ": TYPE, "kid": key.kid}

    def signed(with_key: ECKey = key, **changes: object) -> str:
        heads = {name: value for name, value in changes.items() if name in ("typ", "kid")}
        claims = {name: value for name, value in changes.items() if name not in heads}
        return jwt.encode({**header, **heads}, {**good.claims, **claims}, with_key, ["ES256"])

    assert (good.claims["iss"], good.claims["aud"]) == (ISSUER, AUDIENCE)
    assert (await server.client.who(signed())).body["username"] == "maria"
    wrong = [
        signed(stranger),
        signed(typ="JWT"),
        signed(kid="another"),
        signed(iss="another"),
        signed(aud="another"),
        signed(exp=int(NOON.timestamp()) - 1),
        signed(nbf=int(NOON.timestamp()) + 100),
        signed(sid="another"),
        signed(sub="another"),
        unsigned({**header, "alg": "none"}, good.claims),
    ]
    assert [(await server.client.who(token)).body for token in wrong] == [REFUSED] * len(wrong)


@pytest.mark.requirement("V2")
async def test_tokens_survive_a_restart_of_the_gateway(tmp_path: Path) -> None:
    clock = SettableClock()
    async with serving(tmp_path, clock, AuthSettings()) as before:
        tokens = await before.client.signed_in()

    async with serving(tmp_path, clock, AuthSettings()) as after:
        who = await after.client.who(tokens["access_token"])
        refreshed = await after.client.post("/auth/refresh", {"refresh_token": tokens["refresh_token"]})

    assert who.body["username"] == "maria"
    assert refreshed.status == 200


async def test_the_keys_are_for_their_owner_alone_and_the_same_for_all_who_start(tmp_path: Path) -> None:
    folder = tmp_path / "new"
    found = await asyncio.gather(*(asyncio.to_thread(read_keys, folder) for _ in range(4)))
    (folder / "keys.json").chmod(0o644)
    again = read_keys(folder)

    assert {keys.refresh for keys in found} == {again.refresh}
    assert [file.name for file in folder.iterdir()] == ["keys.json"]
    assert stat.S_IMODE((folder / "keys.json").stat().st_mode) == 0o600


@pytest.mark.parametrize("content", ["", "{}", '{"signing": [], "refresh": ""}', '{"signing": [{"kty": "EC"}]}', "[1]"])
def test_a_file_of_keys_that_is_none_is_one_clear_line(tmp_path: Path, content: str) -> None:
    (tmp_path / "keys.json").write_text(content)

    with pytest.raises(KeysUnreadable, match=r"keys\.json is not a file of keys") as caught:
        read_keys(tmp_path)

    assert "\n" not in str(caught.value)


async def test_refreshing_gives_a_new_pair_and_the_session_its_whole_time_again(server: Running) -> None:
    tokens = await server.client.signed_in()

    server.clock.advance(days=29)
    second = await server.client.post("/auth/refresh", {"refresh_token": tokens["refresh_token"]})
    server.clock.advance(days=29)
    third = await server.client.post("/auth/refresh", {"refresh_token": second.body["refresh_token"]})
    server.clock.advance(days=30)
    late = await server.client.post("/auth/refresh", {"refresh_token": third.body["refresh_token"]})

    assert [second.status, third.status] == [200, 200]
    assert len({tokens["refresh_token"], second.body["refresh_token"], third.body["refresh_token"]}) == 3
    assert (late.status, late.problems) == (401, [(None, "INVALID_REFRESH_TOKEN")])


@pytest.mark.requirement("S1")
async def test_a_refresh_token_that_somebody_made_up_waits_for_no_writer(server: Running) -> None:
    async with server.parts.core.storage.writing(), asyncio.timeout(5):
        refused = await server.client.post("/auth/refresh", {"refresh_token": "made-up"})

    assert (refused.status, refused.problems) == (401, [(None, "INVALID_REFRESH_TOKEN")])


async def test_many_refreshes_at_once_get_the_same_next_token(server: Running) -> None:
    tokens = await server.client.signed_in()
    old = {"refresh_token": tokens["refresh_token"]}

    answers = await asyncio.gather(*(server.client.post("/auth/refresh", old) for _ in range(6)))
    server.clock.advance(seconds=10)
    within_grace = await server.client.post("/auth/refresh", old)

    successors = {answer.body["refresh_token"] for answer in (*answers, within_grace)}
    assert len(successors) == 1
    assert (await server.client.post("/auth/refresh", {"refresh_token": successors.pop()})).status == 200


async def test_a_used_refresh_token_that_comes_after_its_grace_ends_the_session(server: Running) -> None:
    tokens = await server.client.signed_in()
    old = {"refresh_token": tokens["refresh_token"]}
    new = (await server.client.post("/auth/refresh", old)).body

    server.clock.advance(seconds=11)
    stolen = await server.client.post("/auth/refresh", old)

    assert stolen.problems == [(None, "INVALID_REFRESH_TOKEN")]
    assert (await server.client.who(new["access_token"])).body == REFUSED
    assert (await server.client.post("/auth/refresh", {"refresh_token": new["refresh_token"]})).status == 401


async def test_a_token_before_the_previous_one_has_no_grace(server: Running) -> None:
    first = await server.client.signed_in()
    second = (await server.client.post("/auth/refresh", {"refresh_token": first["refresh_token"]})).body
    third = (await server.client.post("/auth/refresh", {"refresh_token": second["refresh_token"]})).body

    again = await server.client.post("/auth/refresh", {"refresh_token": first["refresh_token"]})

    assert again.status == 401
    assert (await server.client.who(third["access_token"])).body == REFUSED


async def test_an_unknown_refresh_token_ends_nothing(server: Running) -> None:
    tokens = await server.client.signed_in()

    for token in ("", "nonsense", "\0", tokens["access_token"]):
        answer = await server.client.post("/auth/refresh", {"refresh_token": token})
        assert answer.status == 401
    missing = await server.client.post("/auth/refresh", {})

    assert missing.problems == [("refresh_token", "MISSING")]
    assert (await server.client.who(tokens["access_token"])).body["username"] == "maria"


@pytest.mark.requirement("S2")
async def test_signing_out_refuses_the_tokens_at_once_and_wakes_subscribers(server: Running) -> None:
    tokens, other = await server.client.signed_in(), await server.client.signed_in()
    bearer = {"authorization": f"Bearer {tokens['access_token']}"}
    caller = await server.identity.caller_of_token(tokens["access_token"], "")
    assert caller.session_key is not None
    was_live = await server.identity.is_live(caller)

    with server.parts.core.wakeups.listen(session_topic(caller.session_key)) as subscriber:
        answer = await server.client.send("DELETE", "/auth/session", headers=bearer)
        is_woken = await subscriber.wait(1)

    assert (answer.status, answer.body, answer.headers["Cache-Control"]) == (204, None, "no-store")
    assert (was_live, is_woken, await server.identity.is_live(caller)) == (True, True, False)
    assert (await server.client.who(tokens["access_token"])).body == REFUSED
    assert (await server.client.post("/auth/refresh", {"refresh_token": tokens["refresh_token"]})).status == 401
    assert (await server.client.send("DELETE", "/auth/session", headers=bearer)).status == 401
    assert (await server.client.send("DELETE", "/auth/session")).status == 401
    assert (await server.client.who(other["access_token"])).body["username"] == "maria"


async def test_a_subscriber_is_live_until_its_token_ends(server: Running) -> None:
    tokens = await server.client.signed_in()
    caller = await server.identity.caller_of_token(tokens["access_token"], "127.0.0.1")

    assert await server.identity.is_live(caller)
    assert await server.identity.is_live(Caller())
    assert not await server.identity.is_live(dataclasses.replace(caller, expires_at=NOON))


async def test_the_known_sessions_are_bounded_and_leave_no_listener(server: Running) -> None:
    callers, sessions, actors = server.parts.callers, server.parts.callers._sessions, server.parts.core.actors
    sessions._limit = 2
    wakeups = server.parts.core.wakeups
    tokens = [(await server.client.signed_in())["access_token"] for _ in range(4)]

    for token in [*tokens, *tokens]:
        await server.identity.caller_of_token(token, "")
    assert await callers.find("nobody's") is None

    assert (len(sessions._known), len(actors._known)) == (2, 1)
    assert getattr(wakeups, "listener_count") == 3  # noqa: B009


async def test_sessions_go_on_while_the_keys_are_changed_and_end_with_the_key_that_is_dropped(
    tmp_path: Path,
) -> None:
    clock = SettableClock()
    async with serving(tmp_path, clock, AuthSettings()) as server:
        tokens = await server.client.signed_in()
        content = json.loads((tmp_path / "keys.json").read_text())
        new, changed = with_next(content, clock.now(), timedelta(minutes=10), timedelta(minutes=15))
        (tmp_path / "keys.json").write_text(json.dumps(changed))
        await until_keys(server, 2)

        clock.advance(minutes=11)
        second = (await server.client.post("/auth/refresh", {"refresh_token": tokens["refresh_token"]})).body
        who = [await server.client.who(each["access_token"]) for each in (tokens, second)]
        left = without(changed, content["signing"][0]["kid"], clock.now() + timedelta(hours=1))
        (tmp_path / "keys.json").write_text(json.dumps(left))
        await until_keys(server, 1)
        after = [await server.client.who(each["access_token"]) for each in (tokens, second)]

    assert [kid_of(each["access_token"]) for each in (tokens, second)] == [content["signing"][0]["kid"], new]
    assert [each.status for each in who] == [200, 200]
    assert [each.status for each in after] == [401, 200]


def kid_of(token: str) -> str:
    return str(json.loads(urlsafe_b64decode(token.partition(".")[0] + "=="))["kid"])


async def until_keys(server: Running, number: int) -> None:
    async with asyncio.timeout(5):
        while len(server.parts.tokens.public_keys()["keys"]) != number:  # noqa: ASYNC110 nobody tells
            await asyncio.sleep(0.05)
