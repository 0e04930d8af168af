"""An account is linked to an identity by its owner alone, and is never left without a way in."""

from base64 import urlsafe_b64encode
from functools import partial
from hashlib import sha256
from typing import Any

import pytest
from sqlalchemy import select

from gateway.api.texts.mails import compose
from gateway.domain.issuer import IssuerSubject
from gateway.storage import tables
from gateway.storage.issuer import SqlIssuerAccounts
from gateway.usecases.erasing import Erasing, erase_account_of
from gateway.usecases.mails import MailRules, send_due
from tests.auth.mailing import Caught
from tests.auth.server import MARIA
from tests.oidc.gateway import APP, ORIGIN, Browser, Running
from tests.oidc.issuer import TestIssuer

SIGN_IN = {name: MARIA[name] for name in ("username", "password")}
KNOWN = {"origin": ORIGIN}
VERIFIER = "a-verifier-that-only-this-app-knows-and-nobody-else"


def challenge(verifier: str = VERIFIER) -> str:
    return urlsafe_b64encode(sha256(verifier.encode()).digest()).decode().rstrip("=")


async def maria_in(browser: Browser) -> str:
    """Maria signs in by her password: in cookies, and a token beside them."""
    await browser.send("POST", "/auth/accounts", MARIA)
    assert (await browser.send("POST", "/auth/session?mode=cookie", SIGN_IN, KNOWN)).status == 200
    token: str = (await browser.send("POST", "/auth/session", SIGN_IN)).body["access_token"]
    return token


async def a_code(browser: Browser, verifier: str = VERIFIER) -> str:
    """What an app gets of a sign-in."""
    back = await browser.signs_in(f"return={APP}&code_challenge={challenge(verifier)}")
    assert back.location.startswith(f"{APP}?code=")
    return back.query["code"]


async def redeemed(browser: Browser, code: str, verifier: str = VERIFIER) -> Any:
    answer = await browser.send("POST", "/auth/oidc/session", {"code": code, "code_verifier": verifier})
    return answer.body if answer.status == 200 else answer.problems


async def link(browser: Browser, token: str, code: str) -> Any:
    body, headers = {"code": code, "code_verifier": VERIFIER}, {"authorization": f"Bearer {token}"}
    answer = await browser.send("POST", "/auth/oidc/link", body, headers)
    return answer.problems if answer.body else answer.status


async def unlink(browser: Browser, token: str) -> Any:
    answer = await browser.send("DELETE", "/auth/oidc/link", headers={"authorization": f"Bearer {token}"})
    return answer.problems if answer.body else answer.status


WRONG_CODE = [("code", "INVALID_CODE")]


@pytest.mark.requirement("S1")
async def test_an_app_gets_a_code_and_its_tokens_for_it_once(gateway: Running, browser: Browser) -> None:
    code = await a_code(browser)
    was_nobody = browser.cookies == {}

    tokens = await redeemed(browser, code)
    again = await redeemed(browser, code)

    assert was_nobody
    assert tokens.keys() == {"access_token", "token_type", "expires_in", "refresh_token"}
    assert await browser.who(tokens["access_token"]) == ["anna", ["Anna Example"], False]
    assert again == WRONG_CODE
    refreshed = await browser.send("POST", "/auth/refresh", {"refresh_token": tokens["refresh_token"]})
    assert refreshed.status == 200


async def test_a_code_without_its_verifier_is_worth_nothing_and_gone(gateway: Running, browser: Browser) -> None:
    code = await a_code(browser)

    stolen = await redeemed(browser, code, "another-verifier")
    late = await redeemed(browser, code)

    assert stolen == late == WRONG_CODE
    code = await a_code(browser)
    gateway.clock.advance(seconds=60)
    assert await redeemed(browser, code) == WRONG_CODE
    for body in ({}, {"code": "x", "code_verifier": 5}, {"code": "x", "code_verifier": "y", "z": 1}):
        assert (await browser.send("POST", "/auth/oidc/session", body)).status == 422


@pytest.mark.parametrize("query", ["code_challenge=short", f"code_challenge={'x' * 43}&link=1", "link=yes"])
async def test_a_sign_in_that_is_asked_for_wrongly_does_not_begin(browser: Browser, query: str) -> None:
    answer = await browser.get(f"/auth/oidc/login?return=/graphql&{query}")

    assert (answer.status, browser.cookies) == (422, {})


@pytest.mark.requirement("S1")
async def test_an_account_links_its_identity_in_a_browser_and_signs_in_by_it(gateway: Running) -> None:
    maria, later = gateway.browser(), gateway.browser()
    await maria_in(maria)

    back = await maria.signs_in("return=/graphql&link=1")
    again = await maria.signs_in("return=/graphql&link=1")
    await later.signs_in()

    assert back.location == again.location == "/graphql"
    assert await later.who() == ["maria", ["Maria's household"], False]


async def test_a_link_needs_the_session_and_a_page_of_the_gateways_own(gateway: Running, issuer: TestIssuer) -> None:
    nobody, maria = gateway.browser(), gateway.browser()
    await maria_in(maria)
    login = "/auth/oidc/login?return=/graphql&link=1"

    assert (await nobody.get(login)).problems == [(None, "UNAUTHENTICATED")]
    assert (await maria.get(login, sec_fetch_site="cross-site")).problems == [(None, "FORBIDDEN")]
    assert (await maria.get(login, sec_fetch_site="same-site")).problems == [(None, "FORBIDDEN")]
    evil = "https://app.example.com.evil.example.com/"
    assert (await maria.get(login, sec_fetch_site="same-site", referer=evil)).problems == [(None, "FORBIDDEN")]
    assert (await maria.get(login, sec_fetch_site="same-site", referer=f"{ORIGIN}/me")).status == 303
    assert (await maria.get(login, sec_fetch_site="same-origin")).status == 303


async def test_a_session_that_has_ended_meanwhile_links_nothing(gateway: Running) -> None:
    maria, later = gateway.browser(), gateway.browser()
    await maria_in(maria)
    answer = await maria.at_the_issuer("return=/graphql&link=1")
    await maria.send("DELETE", "/auth/session", headers=KNOWN)

    back = await maria.get(answer.location)
    await later.signs_in()

    assert back.query == {"error": "UNAUTHENTICATED"}
    assert (await later.who())[0] == "anna"


async def test_an_app_links_with_its_token_and_a_code(gateway: Running, browser: Browser) -> None:
    token = await maria_in(browser)

    linked = await link(browser, token, await a_code(browser))
    tokens = await redeemed(browser, await a_code(browser))

    assert linked == 204
    assert (await browser.who(tokens["access_token"]))[0] == "maria"
    assert await link(browser, token, "nonsense") == WRONG_CODE
    assert await link(browser, "nonsense", await a_code(browser)) == [(None, "UNAUTHENTICATED")]


async def test_an_identity_has_one_account_and_an_account_one_identity(gateway: Running, issuer: TestIssuer) -> None:
    maria, anna = gateway.browser(), gateway.browser()
    token = await maria_in(maria)
    await anna.signs_in()

    taken = await maria.signs_in("return=/graphql&link=1")
    taken_by_code = await link(maria, token, await a_code(maria))
    issuer.person = {**issuer.person, "sub": "bea-2"}
    first = await link(maria, token, await a_code(maria))
    issuer.person = {**issuer.person, "sub": "cia-3"}
    second = await link(maria, token, await a_code(maria))

    assert taken.query == {"error": "IDENTITY_TAKEN"}
    assert taken_by_code == [("code", "IDENTITY_TAKEN")]
    assert (first, second) == (204, [("code", "ALREADY_LINKED")])
    assert (await anna.who())[0] == "anna"


@pytest.mark.requirement("S5")
async def test_who_is_erased_in_the_moment_of_a_sign_in_does_not_come_back_by_it(
    gateway: Running, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    await browser.signs_in()
    core, again = gateway.parts.core, gateway.browser()
    caller = await gateway.identity.caller_of_token(browser.cookies["__Host-access"], "")
    assert caller.actor is not None
    async with core.storage.writing() as unit:
        customer = caller.actor.memberships[0].customer.id
        await unit.members.close(customer, core.clock.now())
    await erase_account_of(Erasing(core.storage, core.clock, core.onboarding.sealing), "anna")
    # The link as a transaction has read it that began before.
    actor_of, stale = SqlIssuerAccounts.actor_of, [caller.actor.id]

    async def read(links: SqlIssuerAccounts, who: IssuerSubject) -> str | None:
        return stale.pop() if stale else await actor_of(links, who)

    monkeypatch.setattr(SqlIssuerAccounts, "actor_of", read)
    await again.signs_in()
    signed_in = await gateway.identity.caller_of_token(again.cookies["__Host-access"], "")

    assert signed_in.actor is not None
    assert signed_in.actor.id != caller.actor.id
    async with core.storage.reading() as unit:
        assert await unit.accounts.live_sessions(caller.actor.id, core.clock.now()) == []


@pytest.mark.requirement("S1", "S7")
async def test_the_owner_learns_by_mail_that_the_account_was_linked(gateway: Running, issuer: TestIssuer) -> None:
    maria, core, caught = gateway.browser(), gateway.parts.core, Caught()
    token = await maria_in(maria)

    await link(maria, token, await a_code(maria))
    again = await link(maria, token, await a_code(maria))
    await send_due(core, MailRules(partial(compose, None), caught))

    assert again == 204
    assert [(each.recipient, each.subject) for each in caught.mails] == [
        (MARIA["email"], "Your account is linked to another way to sign in")
    ]


@pytest.mark.requirement("S7")
async def test_unlinking_ends_the_sessions_that_came_by_it_but_not_the_last_way_in(
    gateway: Running, issuer: TestIssuer
) -> None:
    maria, by_issuer, anna = gateway.browser(), gateway.browser(), gateway.browser()
    token = await maria_in(maria)
    assert await unlink(maria, token) == [(None, "NOT_LINKED")]
    await link(maria, token, await a_code(maria))
    await by_issuer.signs_in()
    pending = await a_code(maria)

    assert (await by_issuer.who())[0] == "maria"
    assert await unlink(maria, token) == 204
    assert await by_issuer.who() == "UNAUTHENTICATED"
    assert await redeemed(maria, pending) == WRONG_CODE
    assert (await maria.who(token))[0] == "maria"
    issuer.person = {**issuer.person, "sub": "new"}
    tokens = await redeemed(anna, await a_code(anna))
    assert await unlink(anna, tokens["access_token"]) == [(None, "LAST_SIGN_IN")]
    await anna.signs_in()
    assert (await anna.who())[0] == "anna"


async def test_what_was_linked_and_signed_in_is_recorded(gateway: Running, browser: Browser) -> None:
    storage = gateway.parts.core.storage
    with gateway.parts.core.wakeups.listen("security") as waiter:
        token = await maria_in(browser)
        await link(browser, token, await a_code(browser))
        await redeemed(browser, await a_code(browser))
        await unlink(browser, token)
        is_woken = await waiter.wait(1)

    assert is_woken
    # The first three are of the password: the account, and a session of each kind.
    assert await _recorded(storage) == [
        "SIGNED_UP", "SIGNED_IN", "SIGNED_IN", "IDENTITY_LINKED", "SIGNED_IN", "IDENTITY_UNLINKED",
        # The session that came by it.
        "SESSION_ENDED",
    ]  # fmt: skip


async def _recorded(storage: Any) -> list[str]:
    async with storage.engine.connect() as connection:
        rows = await connection.execute(select(tables.security_event.c.kind).order_by(tables.security_event.c.seq))
    return [row.kind for row in rows]
