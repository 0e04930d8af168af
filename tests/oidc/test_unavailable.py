"""An issuer that is away, or says what it may not, disturbs its own sign-in alone."""

import logging
from pathlib import Path
from typing import Any

import pytest

from gateway.api.oidc import greeted, open_issuer
from tests.auth.server import MARIA
from tests.clock import SettableClock
from tests.oidc.gateway import Browser, Running, serving, settings_for
from tests.oidc.issuer import TestIssuer

AWAY = "http://127.0.0.1:9"


async def test_an_issuer_that_is_away_leaves_the_sign_in_by_password(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    issuer = TestIssuer(address=AWAY)
    async with serving(tmp_path, issuer) as gateway:
        browser = gateway.browser()

        answer = await browser.get("/auth/oidc/login?return=/graphql")
        await browser.send("POST", "/auth/accounts", MARIA)
        sign_in = {name: MARIA[name] for name in ("username", "password")}
        signed_in = await browser.send("POST", "/auth/session", sign_in)

        assert (answer.status, answer.problems) == (503, [(None, "ISSUER_UNAVAILABLE")])
        assert answer.headers["Retry-After"] == "1"
        assert signed_in.status == 200
        assert (await browser.who(signed_in.body["access_token"]))[0] == "maria"
    assert f"issuer-unavailable issuer={AWAY} reason={AWAY}/.well-known/openid-configuration:" in caplog.text


async def test_the_operator_learns_at_the_start_that_it_is_away(caplog: pytest.LogCaptureFixture) -> None:
    async with open_issuer(settings_for(TestIssuer(address=AWAY)), SettableClock()) as found:
        with caplog.at_level(logging.WARNING):
            await found.greet()
        async with greeted(found):
            pass  # an end before the answer is no trouble

    assert f"issuer-unavailable issuer={AWAY}" in caplog.text


@pytest.mark.parametrize(
    "metadata",
    [
        {"issuer": "https://evil.example.com"},
        {"issuer": None},
        {"token_endpoint": None},
        {"token_endpoint": "ftp://127.0.0.1/token"},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"authorization_endpoint": ["https://id.example.com"]},
        {"jwks_uri": 5},
        {"end_session_endpoint": "nonsense"},
        {"padding": "x" * 300_000},
    ],
)
async def test_a_document_that_does_not_hold_is_not_used(
    browser: Browser, issuer: TestIssuer, metadata: dict[str, Any]
) -> None:
    issuer.metadata = metadata

    answer = await browser.get("/auth/oidc/login?return=/graphql")

    assert (answer.status, answer.problems) == (503, [(None, "ISSUER_UNAVAILABLE")])
    assert browser.cookies == {}


async def test_what_was_fetched_serves_on_while_the_issuer_is_away(gateway: Running, issuer: TestIssuer) -> None:
    browser = gateway.browser()
    await browser.signs_in()
    issuer.metadata = {"issuer": "https://evil.example.com"}

    async def begun() -> int:
        return (await browser.get("/auth/oidc/login?return=/graphql")).status

    gateway.clock.advance(minutes=11)
    later = await begun()
    gateway.clock.advance(hours=24)
    too_late = await begun()
    issuer.metadata = {}
    too_soon = await begun()
    gateway.clock.advance(seconds=10)

    assert (later, too_late, too_soon, await begun()) == (303, 503, 503, 303)


async def test_the_document_is_asked_for_once_in_ten_minutes(gateway: Running, issuer: TestIssuer) -> None:
    for _ in range(3):
        await gateway.browser().signs_in()
    gateway.clock.advance(minutes=10)
    await gateway.browser().get("/auth/oidc/login?return=/graphql")

    assert issuer.requests.count("discovery") == 2


async def test_keys_that_are_none_sign_nobody_in(gateway: Running, issuer: TestIssuer) -> None:
    browser = gateway.browser()
    wrong: list[Any] = [{"keys": []}, {"keys": 5}, {"keys": [{"kty": "oct", "k": "c2VjcmV0"}]}, []]
    for published in wrong:
        issuer.published = published
        back = await browser.signs_in()
        gateway.clock.advance(seconds=11)
        assert back.query == {"error": "ISSUER_UNAVAILABLE"}

    assert await browser.who() is None
