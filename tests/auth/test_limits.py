"""Too many attempts: what is limited, for whom, and how it looks from outside."""

import asyncio
from collections.abc import AsyncIterator
from ipaddress import ip_network
from pathlib import Path

import pytest

from gateway.api.auth import AuthSettings
from gateway.api.auth.passwords import ArgonPasswords, open_passwords
from gateway.domain.errors import RequestError
from tests.auth.server import MARIA, SIGN_IN, Client, Running, serving
from tests.clock import SettableClock

WRONG = {**SIGN_IN, "password": "wrong horse battery staple"}
LOCKED = [(None, "INVALID_CREDENTIALS")]


@pytest.fixture
async def strict(tmp_path: Path) -> AsyncIterator[Running]:
    settings = AuthSettings(
        failures_per_account="3/1 hour",
        failures_per_address="6/1 hour",
        accounts_per_address="2/1 hour",
        trusted_proxies=(ip_network("127.0.0.0/8"),),
    )
    async with serving(tmp_path, SettableClock(), settings) as running:
        yield running


def at(address: str) -> dict[str, str]:
    return {"x-forwarded-for": address}


async def fail(client: Client, times: int, address: str) -> None:
    for _ in range(times):
        assert (await client.post("/auth/session", WRONG, at(address))).problems == LOCKED


async def test_a_locked_account_looks_like_a_wrong_password(strict: Running) -> None:
    await strict.client.post("/auth/accounts", MARIA)
    await fail(strict.client, 3, "192.0.2.1")

    answer = await strict.client.post("/auth/session", SIGN_IN, at("192.0.2.2"))

    assert (answer.status, answer.problems) == (401, LOCKED)


async def test_signing_in_forgives_the_failures_before(strict: Running) -> None:
    await strict.client.post("/auth/accounts", MARIA)

    for address in ("192.0.2.1", "192.0.2.2", "192.0.2.3"):
        await fail(strict.client, 2, address)
        assert (await strict.client.post("/auth/session", SIGN_IN, at(address))).status == 200


async def test_guesses_that_come_all_at_once_get_no_further(strict: Running) -> None:
    await strict.client.post("/auth/accounts", MARIA)
    verified: list[str | None] = []
    passwords = strict.parts.rules.passwords
    assert isinstance(passwords, ArgonPasswords)
    original = passwords._verify

    def verify(password_hash: str, password: str) -> bool:
        verified.append("nobody" if password_hash == passwords._of_nobody else "maria")
        return original(password_hash, password)

    passwords._verify = verify  # type: ignore[method-assign]
    await asyncio.gather(*(strict.client.post("/auth/session", WRONG, at(f"192.0.2.{n}")) for n in range(9)))

    assert (verified.count("maria"), verified.count("nobody")) == (3, 6)


@pytest.mark.parametrize("body", [SIGN_IN, WRONG, {**WRONG, "username": "lars"}, {**WRONG, "username": "no name"}])
async def test_wrong_unknown_and_locked_take_the_same_work(strict: Running, body: dict[str, str]) -> None:
    await strict.client.post("/auth/accounts", MARIA)
    await fail(strict.client, 3, "192.0.2.1")
    passwords = strict.parts.rules.passwords
    assert isinstance(passwords, ArgonPasswords)
    original, verified = passwords._verify, 0

    def verify(password_hash: str, password: str) -> bool:
        nonlocal verified
        verified += 1
        return original(password_hash, password)

    passwords._verify = verify  # type: ignore[method-assign]
    answer = await strict.client.post("/auth/session", body, at("192.0.2.2"))

    assert (answer.problems, verified) == (LOCKED, 1)


async def test_an_address_that_failed_too_often_waits_whoever_it_tries(strict: Running) -> None:
    await strict.client.post("/auth/accounts", MARIA)
    for number in range(6):
        body = {**WRONG, "username": f"user{number}"}
        assert (await strict.client.post("/auth/session", body, at("2001:db8::1"))).status == 401

    # The same subscriber's network has many addresses.
    answer = await strict.client.post("/auth/session", SIGN_IN, at("2001:db8::ffff:2"))

    assert (answer.status, answer.problems) == (429, [(None, "RATE_LIMITED")])
    assert 3500 < int(answer.headers["Retry-After"]) <= 3600
    assert (await strict.client.post("/auth/session", SIGN_IN, at("2001:db8:0:1::1"))).status == 200


async def test_an_address_makes_only_so_many_accounts(strict: Running) -> None:
    bodies = [{**MARIA, "username": f"user{number}", "email": None} for number in range(3)]
    wrong = await strict.client.post("/auth/accounts", {**MARIA, "username": "?"}, at("192.0.2.1"))

    answers = [await strict.client.post("/auth/accounts", body, at("192.0.2.1")) for body in bodies]

    assert wrong.status == 422
    assert [answer.status for answer in answers] == [201, 201, 429]
    assert answers[2].problems == [(None, "RATE_LIMITED")]
    assert (await strict.client.post("/auth/accounts", bodies[2], at("192.0.2.2"))).status == 201


@pytest.mark.parametrize(
    ("forwarded", "address"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("203.0.113.9, 192.0.2.7", "192.0.2.7"),
        ("192.0.2.7, 127.0.0.9", "192.0.2.7"),
        ("nonsense, 127.0.0.9", "127.0.0.9"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("", "127.0.0.1"),
    ],
)
async def test_what_a_trusted_proxy_says_counts(strict: Running, forwarded: str, address: str) -> None:
    assert (await strict.client.who(headers=at(forwarded))).body["address"] == address


async def test_what_a_stranger_says_of_its_address_does_not_count(server: Running) -> None:
    assert (await server.client.who(headers=at("192.0.2.7"))).body["address"] == "127.0.0.1"


async def test_when_too_many_wait_for_their_hash_the_next_is_told_to_come_again(
    server: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.api.auth.passwords.WAITING_LIMIT", 0)

    answer = await server.client.post("/auth/session", SIGN_IN)

    assert (answer.status, answer.problems) == (503, [(None, "BUSY")])
    assert answer.headers["Retry-After"] == "1"


async def test_hashing_leaves_the_event_loop_free(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.api.auth.passwords.WAITING_LIMIT", 6)
    with open_passwords() as passwords:
        hashing = asyncio.gather(*(passwords.hash("secret") for _ in range(6)))
        turns = 0
        while not hashing.done():
            turns += 1
            await asyncio.sleep(0)

        assert turns > 100
        assert len(set(await hashing)) == 6
        with pytest.raises(RequestError, match="BUSY"):
            await asyncio.gather(*(passwords.is_right("x", None) for _ in range(7)))
