"""The issuer ends sessions by a logout token (back-channel), and learns of a sign-out through the browser."""

import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

from gateway.usecases.sessions import session_topic
from tests.auth.server import MARIA
from tests.oidc.gateway import ORIGIN, Browser, Got, Running
from tests.oidc.issuer import LOGOUT_EVENT, TestIssuer, new_key
from tests.oidc.test_bad_tokens import by_password, unsigned
from tests.oidc.test_links import a_code, redeemed

FORM = {"content-type": "application/x-www-form-urlencoded"}
KNOWN = {"origin": ORIGIN}
OTHER = new_key()


async def told(browser: Browser, token: str, headers: Mapping[str, str] = FORM) -> Got:
    return await browser.send("POST", "/auth/oidc/logout", urlencode({"logout_token": token}).encode(), headers)


async def three_sessions(gateway: Running, issuer: TestIssuer) -> tuple[Browser, Browser, Browser]:
    """Two of Anna's at the issuer, in two sessions of its, and one of Bea's."""
    first, second, bea = gateway.browser(), gateway.browser(), gateway.browser()
    await first.signs_in()
    issuer.sid = "issuer-session-2"
    await second.signs_in()
    kept, issuer.person, issuer.sid = issuer.person, {**issuer.person, "sub": "bea"}, "issuer-session-3"
    await bea.signs_in()
    issuer.person, issuer.sid = kept, "issuer-session-1"
    return first, second, bea


async def live(*browsers: Browser) -> list[bool]:
    return [await each.who() != "UNAUTHENTICATED" for each in browsers]


@pytest.mark.requirement("S1", "S7")
async def test_a_logout_ends_that_session_of_the_issuers_at_once_and_wakes_what_is_open(
    gateway: Running, issuer: TestIssuer
) -> None:
    browsers = await three_sessions(gateway, issuer)
    caller = await gateway.identity.caller_of_token(browsers[0].cookies["__Host-access"], "")
    assert caller.session_key is not None

    with gateway.parts.core.wakeups.listen(session_topic(caller.session_key)) as subscription:
        answer = await told(gateway.browser(), issuer.logout_token())
        is_woken = await subscription.wait(1)

    assert (answer.status, answer.body, answer.headers["Cache-Control"]) == (200, None, "no-store")
    assert (is_woken, await gateway.identity.is_live(caller)) == (True, False)
    assert await live(*browsers) == [False, True, True]
    refresh = await browsers[0].send("POST", "/auth/refresh?mode=cookie", {}, KNOWN)
    assert (refresh.status, refresh.problems) == (401, [(None, "INVALID_REFRESH_TOKEN")])


async def test_a_logout_by_the_person_alone_ends_each_of_their_sessions_and_pending_codes(
    gateway: Running, issuer: TestIssuer
) -> None:
    browsers, app = await three_sessions(gateway, issuer), gateway.browser()
    code = await a_code(app)

    answer = await told(app, issuer.logout_token(sid=None))

    assert answer.status == 200
    assert await live(*browsers) == [False, False, True]
    assert await redeemed(app, code) == [("code", "INVALID_CODE")]


async def test_a_logout_by_the_issuers_session_alone_is_enough(gateway: Running, issuer: TestIssuer) -> None:
    browsers = await three_sessions(gateway, issuer)

    assert (await told(gateway.browser(), issuer.logout_token(sub=None))).status == 200

    assert await live(*browsers) == [False, True, True]


async def test_a_logout_of_a_session_that_there_is_not_is_no_trouble(gateway: Running, issuer: TestIssuer) -> None:
    browsers = await three_sessions(gateway, issuer)

    assert (await told(gateway.browser(), issuer.logout_token(sid="another"))).status == 200
    assert (await told(gateway.browser(), issuer.logout_token(sub="another"))).status == 200

    assert await live(*browsers) == [True, True, True]


Wrong = Callable[[TestIssuer], str]
WRONG: dict[str, tuple[str, Wrong]] = {
    "no event": ("EVENTS", lambda i: i.logout_token(events=None)),
    "another event": ("EVENTS", lambda i: i.logout_token(events={"http://example.com/event": {}})),
    "an event that is no object": ("EVENTS", lambda i: i.logout_token(events={LOGOUT_EVENT: True})),
    "an ID token": ("NONCE", lambda i: i.logout_token(nonce="x")),
    "nobody's": ("SUB", lambda i: i.logout_token(sub=None, sid=None)),
    "of no id": ("JTI", lambda i: i.logout_token(jti=None)),
    "of an id that no database takes": ("JTI", lambda i: i.logout_token(jti="a\0b")),
    "of another issuer": ("ISS", lambda i: i.logout_token(iss="https://evil.example.com")),
    "for another client": ("AUD", lambda i: i.logout_token(aud="another")),
    "expired": ("EXP", lambda i: i.logout_token(exp=int(time.time()) - 60)),
    "for ever": ("EXP", lambda i: i.logout_token(exp=None)),
    "for a day": ("EXP", lambda i: i.logout_token(exp=int(time.time()) + 86400)),
    "from the future": ("IAT", lambda i: i.logout_token(iat=int(time.time()) + 120)),
    "from no time": ("IAT", lambda i: i.logout_token(iat=None)),
    "by an unknown key": ("UNKNOWN_KEY", lambda i: i.logout_token(OTHER)),
    "by another key of the same id": ("SIGNATURE", lambda i: i.logout_token(OTHER, {"kid": i.keys[0].kid})),
    "an access token": ("TYPE", lambda i: i.logout_token(header={"typ": "at+jwt"})),
    "unsigned": ("ALGORITHM", lambda i: unsigned({"alg": "none"}, claims_of(i))),
    "by the public key as a secret": ("ALGORITHM", lambda i: by_password(i, {"kid": i.keys[0].kid}, claims_of(i))),
    "nothing": ("MALFORMED", lambda i: ""),
}  # fmt: skip


def claims_of(issuer: TestIssuer) -> dict[str, Any]:
    now = int(time.time())
    times = {"iat": now, "exp": now + 100, "jti": "1"}
    return {"iss": issuer.address, "aud": "gateway", **times, "sid": issuer.sid, "events": {LOGOUT_EVENT: {}}}


@pytest.mark.parametrize("name", WRONG)
async def test_a_logout_token_that_does_not_hold_ends_nothing(
    gateway: Running, browser: Browser, issuer: TestIssuer, name: str
) -> None:
    code, wrong = WRONG[name]
    await browser.signs_in()

    answer = await told(gateway.browser(), wrong(issuer))

    assert (answer.status, answer.body["error"]) == (400, "invalid_request")
    assert gateway.refusals() == [{"token": "logout", "code": code}]
    assert await live(browser) == [True]


@pytest.mark.requirement("S7")
async def test_a_logout_token_that_comes_again_is_refused(gateway: Running, issuer: TestIssuer) -> None:
    browser, token = gateway.browser(), issuer.logout_token()
    first = await told(browser, token)
    await browser.signs_in()

    again = await told(browser, token)
    gateway.clock.advance(seconds=160)
    late = await told(browser, token)

    assert [each.status for each in (first, again, late)] == [200, 400, 400]
    assert [each["code"] for each in gateway.refusals()] == ["REPLAYED", "EXP"]
    assert await live(browser) == [True]


async def test_a_logout_is_a_form_of_a_bounded_size(browser: Browser, issuer: TestIssuer) -> None:
    assert (await told(browser, issuer.logout_token(), {"content-type": "application/json"})).status == 400
    assert (await told(browser, "x" * 20_000)).status == 413


async def test_signing_out_says_where_the_issuers_session_ends_too(
    gateway: Running, browser: Browser, issuer: TestIssuer
) -> None:
    await browser.signs_in()

    answer = await browser.send("DELETE", "/auth/session", headers=KNOWN)

    assert (answer.status, browser.cookies) == (204, {})
    address = answer.headers["End-Session-Location"]
    assert address.startswith(f"{issuer.address}/logout?")
    asked = dict(parse_qsl(urlsplit(address).query))
    assert asked.keys() == {"client_id", "post_logout_redirect_uri", "id_token_hint"}
    assert asked["id_token_hint"].count(".") == 2


async def test_a_session_by_a_password_ends_here_alone(browser: Browser) -> None:
    await browser.send("POST", "/auth/accounts", MARIA)
    sign_in = {name: MARIA[name] for name in ("username", "password")}
    await browser.send("POST", "/auth/session?mode=cookie", sign_in, KNOWN)

    answer = await browser.send("DELETE", "/auth/session", headers=KNOWN)

    assert answer.status == 204
    assert "End-Session-Location" not in answer.headers


async def test_an_issuer_without_such_a_page_is_left_alone(browser: Browser, issuer: TestIssuer) -> None:
    issuer.metadata = {"end_session_endpoint": None}
    await browser.signs_in()

    answer = await browser.send("DELETE", "/auth/session", headers=KNOWN)

    assert answer.status == 204
    assert "End-Session-Location" not in answer.headers
