"""Too many tries and too many tokens: what is limited for a service client, and where."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.api.auth import AuthSettings
from gateway.settings import LOOPBACK
from tests.auth.clients import a_client, asked, basic, by, refusal
from tests.auth.server import Running, serving
from tests.clock import SettableClock
from tests.samples import new_id

INVALID_CLIENT = (401, "invalid_client")


@pytest.fixture
async def strict(tmp_path: Path) -> AsyncIterator[Running]:
    settings = AuthSettings(
        failures_per_account="3/1 hour",
        failures_per_address="8/1 hour",
        tokens_per_client="2/1 hour",
        trusted_proxies=LOOPBACK,
    )
    async with serving(tmp_path, SettableClock(), settings) as running:
        yield running


async def test_a_client_that_is_guessed_at_is_locked_there_and_looks_like_a_wrong_secret(strict: Running) -> None:
    acme = await a_client(strict)
    here, elsewhere = {"x-forwarded-for": "192.0.2.1"}, {"x-forwarded-for": "192.0.2.2"}

    for _ in range(3):
        assert refusal(await asked(strict, basic(acme.client.id, "wrong") | here)) == INVALID_CLIENT

    assert refusal(await asked(strict, by(acme) | here)) == INVALID_CLIENT
    assert (await asked(strict, by(acme) | elsewhere)).status == 200


async def test_an_address_that_guessed_too_often_waits_whoever_it_tries(strict: Running) -> None:
    acme = await a_client(strict)
    for _ in range(8):
        assert refusal(await asked(strict, basic(new_id("ServiceClient"), "wrong"))) == INVALID_CLIENT

    answer = await asked(strict, by(acme))

    assert refusal(answer) == (429, "temporarily_unavailable")
    assert 3500 < int(answer.headers["Retry-After"]) <= 3600


async def test_a_client_gets_only_so_many_tokens(strict: Running) -> None:
    acme, other = await a_client(strict), await a_client(strict)

    answers = [await asked(strict, by(acme)) for _ in range(3)]

    assert [each.status for each in answers] == [200, 200, 429]
    assert refusal(answers[2]) == (429, "temporarily_unavailable")
    assert (await asked(strict, by(other))).status == 200
