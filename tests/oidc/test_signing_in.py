"""Signing in by the operator's own identity provider, through a browser."""

from dataclasses import replace
from pathlib import Path

import pytest

from gateway.api.oidc import OperatorClaim
from gateway.usecases.single_sign_on import FirstSignIn
from tests.auth.server import MARIA
from tests.oidc.gateway import ORIGIN, Browser, Running, serving
from tests.oidc.issuer import TestIssuer

PASSWORD_SIGN_IN = {"username": MARIA["username"], "password": MARIA["password"]}


@pytest.mark.requirement("S1")
async def test_the_first_sign_in_makes_an_account_with_a_customer_and_the_next_finds_it(
    gateway: Running, issuer: TestIssuer
) -> None:
    first, second = gateway.browser(), gateway.browser()

    back = await first.signs_in("return=/graphql%3Fa=1")
    issuer.person = {**issuer.person, "preferred_username": "renamed", "email": "other@example.com"}
    await second.signs_in()

    assert (back.status, back.location) == (303, "/graphql?a=1")
    assert sorted(first.cookies) == ["__Host-access", "__Host-refresh"]
    assert await first.who() == await second.who() == ["anna", ["Anna Example"], False]
    assert first.cookies["__Host-access"] != second.cookies["__Host-access"]


async def test_the_browser_is_sent_with_pkce_and_a_nonce_and_kept_apart_by_a_cookie_of_its_own(
    browser: Browser, issuer: TestIssuer
) -> None:
    begun = await browser.get("/auth/oidc/login?return=/graphql")

    assert begun.location.startswith(f"{issuer.address}/authorize?")
    asked = begun.query
    assert asked.keys() == {
        "response_type", "client_id", "redirect_uri", "scope", "state", "nonce", "code_challenge",
        "code_challenge_method",
    }  # fmt: skip
    assert (asked["scope"], asked["code_challenge_method"]) == ("openid profile email", "S256")
    cookie = begun.headers["Set-Cookie"]
    assert {each.strip().lower() for each in cookie.split(";")[1:]} == {
        "httponly", "secure", "samesite=lax", "path=/", "max-age=600",
    }  # fmt: skip
    assert cookie.startswith("__Host-sign-in=")
    assert (begun.headers["Cache-Control"], begun.headers["Referrer-Policy"]) == ("no-store", "no-referrer")


async def test_nobody_is_linked_by_a_name_or_an_address_alone(gateway: Running, issuer: TestIssuer) -> None:
    maria, stranger = gateway.browser(), gateway.browser()
    assert (await maria.send("POST", "/auth/accounts", MARIA)).status == 201
    issuer.person = {**issuer.person, "preferred_username": "Maria", "email": MARIA["email"]}

    await stranger.signs_in()

    username, customers, _ = await stranger.who()
    assert username.startswith("Maria-")
    assert customers == ["Anna Example"]
    assert (await maria.send("POST", "/auth/session", PASSWORD_SIGN_IN)).status == 200


@pytest.mark.parametrize(
    ("claims", "username", "customer"),
    [
        ({"preferred_username": None, "name": None}, "user", "user"),
        ({"preferred_username": "Ånna Ek", "name": " "}, "nna-Ek", "nna-Ek"),
        ({"preferred_username": "x" * 200, "name": "y" * 201}, "x" * 64, "x" * 64),
        ({"preferred_username": ["anna"], "name": {"a": 1}, "email": 5}, "user", "user"),
        ({"preferred_username": "a\0b", "name": "\0"}, "user", "user"),
    ],
)
async def test_whatever_the_issuer_calls_somebody_the_account_has_a_name(
    browser: Browser, issuer: TestIssuer, claims: dict[str, object], username: str, customer: str
) -> None:
    issuer.person = {**issuer.person, **claims}

    await browser.signs_in()

    assert await browser.who() == [username, [customer], False]


async def test_an_account_without_a_password_can_not_be_signed_in_to_by_one(browser: Browser) -> None:
    await browser.signs_in()

    for password in ("", "anna", "correct horse"):
        answer = await browser.send("POST", "/auth/session", {"username": "anna", "password": password})
        assert (answer.status, answer.problems) == (401, [(None, "INVALID_CREDENTIALS")])


@pytest.mark.parametrize(("first", "who"), [(FirstSignIn.ACCOUNT, ["anna", [], False]), (FirstSignIn.REFUSED, None)])
async def test_the_operator_decides_what_a_first_sign_in_gets(
    tmp_path: Path, issuer: TestIssuer, first: FirstSignIn, who: object
) -> None:
    async with serving(tmp_path, issuer, first=first) as gateway:
        browser = gateway.browser()

        back = await browser.signs_in()

        assert back.query == ({} if who else {"error": "ACCOUNT_REQUIRED"})
        assert await browser.who() == who


async def test_a_claim_makes_an_operator_of_one_session_and_for_twelve_hours(
    tmp_path: Path, issuer: TestIssuer
) -> None:
    claim = OperatorClaim("realm_access.roles", "gateway-operator")
    async with serving(tmp_path, issuer, operator=claim) as gateway:
        plain, chief = gateway.browser(), gateway.browser()
        issuer.person = {**issuer.person, "realm_access": {"roles": ["other"]}}
        await plain.signs_in()
        issuer.person = {**issuer.person, "realm_access": {"roles": ["other", "gateway-operator"]}}
        await chief.signs_in()

        assert [(await each.who())[2] for each in (plain, chief)] == [False, True]
        callers = [await gateway.identity.caller_of_token(each.cookies["__Host-access"], "") for each in (plain, chief)]
        # Their tokens are renewed meanwhile: what is open lives by the session.
        open_ones = [replace(each, expires_at=None) for each in callers]
        assert [await gateway.identity.is_live(each) for each in open_ones] == [True, True]
        gateway.clock.advance(hours=12)
        await chief.send("POST", "/auth/refresh?mode=cookie", {}, {"origin": ORIGIN})
        assert (await chief.who())[2] is False
        assert [await gateway.identity.is_live(each) for each in open_ones] == [True, False]


@pytest.mark.parametrize(
    ("path", "claims", "is_operator"),
    [
        ("groups", {"groups": ["staff"]}, True),
        ("groups", {"groups": "staff"}, True),
        ("groups", {"groups": "staff-of-others"}, False),
        ("groups", {"groups": {"staff": True}}, False),
        ("groups", {}, False),
        ("https://example.com/roles", {"https://example.com/roles": ["staff"]}, True),
        ("a.b", {"a": "staff"}, False),
        ("a.b", {"a": {"b": ["staff"]}}, True),
    ],
)
def test_the_operators_claim_is_a_name_or_a_path(path: str, claims: dict[str, object], is_operator: bool) -> None:
    assert OperatorClaim(path, "staff").is_in(claims) is is_operator


@pytest.mark.parametrize(
    "address",
    [
        "", "graphql", "//evil.example.com", "/\\evil.example.com", "/\tx", "https://evil.example.com/",
        "https://app.example.com.evil.example.com/", "https://app.example.com@evil.example.com/", "javascript:alert(1)",
        "http://app.example.com/", "com.example.app:/back", "https:app.example.com", "/a b", "/" + "x" * 2000,
    ],
)  # fmt: skip
async def test_no_sign_in_leads_out_to_a_stranger(browser: Browser, issuer: TestIssuer, address: str) -> None:
    answer = await browser.send("GET", "/auth/oidc/login?" + "return=" + _encoded(address))

    assert answer.status == 422
    assert answer.problems == [("return", "UNKNOWN_VALUE" if address else "MISSING")]
    assert browser.cookies == {}
    assert issuer.requests == []


def _encoded(text: str) -> str:
    return "".join(f"%{byte:02x}" for byte in text.encode())


async def test_a_page_of_a_known_origin_is_returned_to(browser: Browser) -> None:
    back = await browser.signs_in(f"return={ORIGIN}/start")

    assert back.location == f"{ORIGIN}/start"


@pytest.mark.requirement("S7")
async def test_another_browser_an_old_answer_and_a_used_one_end_no_sign_in(
    gateway: Running, issuer: TestIssuer
) -> None:
    mine, other, slow = gateway.browser(), gateway.browser(), gateway.browser()
    answer = (await mine.at_the_issuer()).location
    await other.at_the_issuer()
    late = (await slow.at_the_issuer()).location

    gateway.clock.advance(minutes=9)
    crossed = await other.get(answer)
    bare = await gateway.browser().get(answer)
    first = await mine.get(answer)
    again = await mine.get(answer)
    gateway.clock.advance(minutes=2)
    after = await slow.get(late)

    assert first.location == "/graphql"
    for refused in (crossed, bare, again, after):
        assert (refused.status, refused.problems) == (400, [(None, "INVALID_STATE")])
    assert issuer.requests.count("token") == 1
    assert await other.who() is await slow.who() is None


async def test_a_code_that_was_used_signs_nobody_in(gateway: Running, browser: Browser, issuer: TestIssuer) -> None:
    answer = await browser.at_the_issuer()
    kept = dict(browser.cookies)
    await browser.get(answer.location)
    thief = gateway.browser()
    thief.cookies = kept  # even with the cookie of that sign-in

    back = await thief.get(answer.location)

    assert back.query == {"error": "ISSUER_REFUSED"}
    assert gateway.refusals() == [{"token": "id", "code": "CODE"}]
    assert await thief.who() is None


async def test_without_the_verifier_the_issuer_gives_nothing_for_a_code(browser: Browser, issuer: TestIssuer) -> None:
    code = (await browser.at_the_issuer()).query["code"]
    form = f"grant_type=authorization_code&code={code}&redirect_uri={issuer.callback}".encode()
    headers = {
        "content-type": "application/x-www-form-urlencoded",
        "authorization": "Basic Z2F0ZXdheTpnYXRld2F5LXNlY3JldA==",
    }

    without = await browser.send("POST", f"{issuer.address}/token", form, headers)
    wrong = await browser.send("POST", f"{issuer.address}/token", form + b"&code_verifier=" + b"x" * 43, headers)

    assert (without.status, without.body["error"]) == (400, "invalid_request")
    assert (wrong.status, wrong.body["error"]) == (400, "invalid_grant")


async def test_a_person_who_says_no_comes_back_with_an_error(browser: Browser, issuer: TestIssuer) -> None:
    issuer.denies = True

    back = await browser.signs_in("return=/graphql")

    assert (back.location, browser.cookies) == ("/graphql?error=ISSUER_REFUSED", {})


async def test_an_answer_of_another_issuer_is_not_taken(gateway: Running, browser: Browser, issuer: TestIssuer) -> None:
    answer = (await browser.at_the_issuer()).location

    mixed = await browser.get(answer.replace(f"iss={issuer.address}", "iss=https://evil.example.com"))
    unnamed = await browser.get((await browser.at_the_issuer()).location.replace(f"&iss={issuer.address}", ""))

    assert mixed.query == unnamed.query == {"error": "ISSUER_REFUSED"}
    assert [each["code"] for each in gateway.refusals()] == ["ISS", "ISS"]
    assert "token" not in issuer.requests


async def test_other_methods_are_told_so(browser: Browser) -> None:
    for path in ("login", "callback", "session", "link", "logout"):
        answer = await browser.send("PATCH", f"/auth/oidc/{path}")
        assert (answer.status, answer.problems) == (405, [(None, "METHOD_NOT_ALLOWED")])
