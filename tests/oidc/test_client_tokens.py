"""A service client may get its tokens of the issuer: then its id there, its audience and its scopes decide."""

import time
from base64 import b64encode
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from gateway.domain.clients import ClientScope
from gateway.domain.errors import RequestError
from gateway.usecases.clients import create_client, create_issuer_client, end_client
from tests.oidc.gateway import Browser, Running, serving
from tests.oidc.issuer import TestIssuer, new_key
from tests.oidc.server import PARTNER, PARTNER_SECRET
from tests.oidc.test_bad_tokens import by_password, unsigned

WRITES = frozenset({ClientScope.PROVIDERS_WRITE})
OTHER = new_key()
X = {"preferred_username": "service-account-x"}


async def registered(gateway: Running, name: str = "acme", issuer_client: str = PARTNER) -> str:
    issuer = gateway.issuer.address
    return (await create_issuer_client(gateway.parts.core, name, WRITES, issuer, issuer_client)).id


async def issued(browser: Browser, issuer: TestIssuer, scope: str = "providers:write") -> str:
    """A token that the issuer really gave by client credentials."""
    basic = b64encode(f"{PARTNER}:{PARTNER_SECRET}".encode()).decode()
    headers = {"authorization": f"Basic {basic}", "content-type": "application/x-www-form-urlencoded"}
    form = f"grant_type=client_credentials&scope={scope}".encode()
    answer = await browser.send("POST", f"{issuer.address}/token", form, headers)
    token: str = answer.body["access_token"]
    return token


def keycloak(issuer: TestIssuer, **changes: Any) -> str:
    """As Keycloak writes one: of the client's service account."""
    claims = {
        "sub": "0d1e5a4e-7a1c-4b8b-9a38-6b5ad0a4b6b1",
        "typ": "Bearer",
        "azp": PARTNER,
        "preferred_username": f"service-account-{PARTNER}",
        "aud": [issuer.client_claims()["aud"], "account"],
    }
    return issuer.signed(issuer.client_claims(**{**claims, **changes}))


@pytest.mark.requirement("S6")
async def test_a_client_that_the_issuer_knows_is_let_in_by_its_token(
    gateway: Running, browser: Browser, issuer: TestIssuer
) -> None:
    await registered(gateway)

    by_rfc_9068 = await browser.who(await issued(browser, issuer))
    by_keycloak = await browser.who(keycloak(issuer))

    assert by_rfc_9068 == by_keycloak == {"client": "acme", "scopes": ["providers:write"]}


async def test_a_scope_counts_only_where_both_the_issuer_and_the_gateway_gave_it(
    gateway: Running, browser: Browser, issuer: TestIssuer
) -> None:
    await registered(gateway)

    more = issuer.signed(issuer.client_claims(scope="operations providers:write"), typ="at+jwt")
    less = issuer.signed(issuer.client_claims(scope="profile"), typ="at+jwt")

    assert (await browser.who(more))["scopes"] == ["providers:write"]
    assert (await browser.who(less))["scopes"] == []


Wrong = Callable[[TestIssuer], str]
WRONG: dict[str, tuple[str | None, Wrong]] = {
    "for another audience": ("AUD", lambda i: i.signed(i.client_claims(aud="another"), typ="at+jwt")),
    "for the gateway as a client": ("AUD", lambda i: i.signed(i.client_claims(aud="gateway"), typ="at+jwt")),
    "for nobody": ("AUD", lambda i: i.signed(i.client_claims(aud=None), typ="at+jwt")),
    "expired": ("EXP", lambda i: i.signed(i.client_claims(exp=int(time.time()) - 60), typ="at+jwt")),
    "for ever": ("EXP", lambda i: i.signed(i.client_claims(exp=None), typ="at+jwt")),
    "until the end of time": ("CLAIMS", lambda i: i.signed(i.client_claims(exp=10**30), typ="at+jwt")),
    "from the future": ("IAT", lambda i: i.signed(i.client_claims(iat=int(time.time()) + 120), typ="at+jwt")),
    "of an unknown client": ("UNKNOWN_CLIENT", lambda i: keycloak(i, client_id="x", azp="x", **X)),
    "of a person's": ("CLIENT_ID", lambda i: i.signed(i.client_claims(sub="anna-1"), typ="at+jwt")),
    "of no client": ("CLIENT_ID", lambda i: i.signed(i.client_claims(client_id=None), typ="at+jwt")),
    "of a person's session": ("OF_A_PERSON", lambda i: i.signed(i.client_claims(sid="1"), typ="at+jwt")),
    "an ID token": ("OF_A_PERSON", lambda i: i.signed(i.client_claims(nonce="1"))),
    "of no type": ("CLIENT_ID", lambda i: i.signed(i.client_claims())),
    "Keycloak's of a person": ("CLIENT_ID", lambda i: keycloak(i, preferred_username="anna")),
    "Keycloak's ID token": ("CLIENT_ID", lambda i: keycloak(i, typ="ID")),
    "Keycloak's for another": ("CLIENT_ID", lambda i: keycloak(i, azp="another")),
    "by an unknown key": ("UNKNOWN_KEY", lambda i: i.signed(i.client_claims(), OTHER, typ="at+jwt")),
    "by another key": ("SIGNATURE", lambda i: i.signed(i.client_claims(), OTHER, kid=i.keys[0].kid, typ="at+jwt")),
    "unsigned": ("ALGORITHM", lambda i: unsigned({"alg": "none", "typ": "at+jwt"}, i.client_claims())),
    "by the public key": ("ALGORITHM", lambda i: by_password(i, {"typ": "at+jwt"}, i.client_claims())),
    # These do not even claim to be the issuer's: nobody asks it.
    "of another issuer": (None, lambda i: i.signed(i.client_claims(iss="https://evil.example.com"), typ="at+jwt")),
    "of a list of issuers": (None, lambda i: i.signed(i.client_claims(iss=[i.address]), typ="at+jwt")),
    "nothing": (None, lambda i: "a.b.c"),
}  # fmt: skip


@pytest.mark.requirement("S6", "S7")
@pytest.mark.parametrize("name", WRONG)
async def test_a_token_that_does_not_hold_lets_nobody_in(
    gateway: Running, browser: Browser, issuer: TestIssuer, name: str
) -> None:
    code, wrong = WRONG[name]
    await registered(gateway)

    assert await browser.who(wrong(issuer)) == "UNAUTHENTICATED"

    assert [each.get("code") for each in gateway.refusals() if each.get("token") == "access"] == [code] * bool(code)
    assert await browser.who(keycloak(issuer)) is not None


async def test_ending_a_client_refuses_the_issuers_tokens_too_and_its_id_may_be_registered_anew(
    gateway: Running, browser: Browser, issuer: TestIssuer
) -> None:
    client_id, token = await registered(gateway), await issued(browser, issuer)
    caller = await gateway.identity.caller_of_token(token, "")
    with pytest.raises(RequestError, match="ALREADY_LINKED"):
        await registered(gateway, "again")

    await end_client(gateway.parts.core, client_id)

    assert await browser.who(token) == "UNAUTHENTICATED"
    assert not await gateway.identity.is_live(caller)
    await registered(gateway, "again")
    assert (await browser.who(token))["client"] == "again"


async def test_a_token_lets_nobody_in_after_its_end(gateway: Running, browser: Browser, issuer: TestIssuer) -> None:
    await registered(gateway)
    caller = await gateway.identity.caller_of_token(keycloak(issuer), "")
    assert caller.expires_at is not None

    gateway.clock.at = caller.expires_at + timedelta(seconds=31)

    assert not await gateway.identity.is_live(caller)


async def test_without_an_audience_no_token_of_the_issuers_is_taken(tmp_path: Any, issuer: TestIssuer) -> None:
    async with serving(tmp_path, issuer, audience=None) as gateway:
        await registered(gateway)

        assert await gateway.browser().who(keycloak(issuer)) == "UNAUTHENTICATED"
        assert "keys" not in issuer.requests


async def test_a_clients_token_is_no_browsers_and_no_sessions(
    gateway: Running, browser: Browser, issuer: TestIssuer
) -> None:
    await registered(gateway)
    token = await issued(browser, issuer)
    browser.cookies["__Host-access"] = token

    assert await browser.who() == "UNAUTHENTICATED"
    headers = {"authorization": f"Bearer {token}"}
    assert (await browser.send("DELETE", "/auth/session", headers=headers)).status == 401
    assert (await browser.send("DELETE", "/auth/oidc/link", headers=headers)).status == 401


async def test_what_the_issuer_wrote_is_used_by_the_minute(gateway: Running, browser: Browser) -> None:
    client_id = await registered(gateway)
    for _ in range(2):
        await browser.who(keycloak(gateway.issuer))
        gateway.clock.advance(seconds=30)

    async with gateway.parts.core.storage.reading() as unit:
        record = await unit.clients.get(client_id)

    assert record is not None
    assert record.last_used_at == gateway.clock.at - timedelta(minutes=1)
    assert (record.issuer, record.issuer_client) == (gateway.issuer.address, PARTNER)


async def test_the_gateways_own_clients_go_on_beside_the_issuers(gateway: Running, browser: Browser) -> None:
    own = await create_client(gateway.parts.core, "own", WRITES)
    basic = b64encode(f"{own.client.id}:{own.secret}".encode()).decode()
    headers = {"authorization": f"Basic {basic}", "content-type": "application/x-www-form-urlencoded"}

    answer = await browser.send("POST", "/auth/token", b"grant_type=client_credentials", headers)

    assert (await browser.who(answer.body["access_token"]))["client"] == "own"
