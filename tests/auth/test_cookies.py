"""Sessions in cookies: what the cookies are, and that another site's page can't use them."""

import pytest
from starlette.requests import HTTPConnection

from gateway.domain.errors import AccessError
from tests.auth.server import MARIA, ORIGIN, SIGN_IN, Client, Running

KNOWN = {"origin": ORIGIN}


async def cookies_of(client: Client) -> dict[str, str]:
    """The names and values that a browser would send, after signing in."""
    await client.post("/auth/accounts", MARIA)
    answer = await client.post("/auth/session?mode=cookie", SIGN_IN, KNOWN)
    assert (answer.status, answer.body) == (200, {"expires_in": 900})
    return {name: text.split(";")[0].split("=", 1)[1] for name, text in answer.cookies.items()}


def sent(cookies: dict[str, str], **headers: str) -> dict[str, str]:
    return {**headers, "cookie": "; ".join(f"{name}={value}" for name, value in cookies.items())}


@pytest.mark.requirement("S1")
async def test_the_tokens_are_in_cookies_that_no_script_reads(client: Client) -> None:
    await client.post("/auth/accounts", MARIA)

    answer = await client.post("/auth/session?mode=cookie", SIGN_IN, KNOWN)

    assert sorted(answer.cookies) == ["__Host-access", "__Host-refresh"]
    for text, lifetime in zip(answer.cookies.values(), (900, 2592000), strict=True):
        attributes = {each.strip().lower() for each in text.split(";")[1:]}
        assert attributes == {"httponly", "secure", "samesite=strict", "path=/", f"max-age={lifetime}"}


async def test_a_cookie_counts_with_a_known_origin_and_json_alone(client: Client) -> None:
    cookies = await cookies_of(client)
    refused = {"error": "FORBIDDEN"}

    assert (await client.who(headers=sent(cookies, origin=ORIGIN))).body["username"] == "maria"
    assert (await client.who(headers=sent(cookies))).body == refused
    assert (await client.who(headers=sent(cookies, origin="https://evil.example.com"))).body == refused
    assert (await client.who(headers=sent(cookies, origin="null"))).body == refused
    plain = {"content-type": "text/plain"}
    assert (await client.who(headers={**sent(cookies, origin=ORIGIN), **plain})).body == refused
    assert (await client.send("GET", "/who", headers=sent(cookies, origin=ORIGIN))).body == refused


async def test_an_event_stream_is_read_with_a_cookie_by_a_page_of_a_known_origin_alone(client: Client) -> None:
    cookies = await cookies_of(client)
    stream = {"accept": "text/event-stream"}

    async def who(**headers: str) -> object:
        sent_headers = sent(cookies, **{key.replace("_", "-"): value for key, value in headers.items()})
        return (await client.send("GET", "/who", headers=sent_headers | stream)).body

    assert await who(origin=ORIGIN) == {"username": "maria", "address": "127.0.0.1"}
    # A browser names no origin when a page reads from its own.
    assert await who(sec_fetch_site="same-origin") == {"username": "maria", "address": "127.0.0.1"}
    refused = {"error": "FORBIDDEN"}
    assert await who() == refused
    assert await who(sec_fetch_site="cross-site") == refused
    assert await who(sec_fetch_site="same-site") == refused
    assert await who(origin="https://evil.example.com", sec_fetch_site="same-origin") == refused


async def test_a_bearer_token_goes_before_a_cookie(client: Client) -> None:
    cookies = await cookies_of(client)

    assert (await client.who("nonsense", sent(cookies, origin=ORIGIN))).body == {"error": "UNAUTHENTICATED"}
    assert (await client.who(cookies["__Host-access"], sent(cookies))).body["username"] == "maria"


async def test_signing_in_with_cookies_needs_a_known_origin_too(client: Client) -> None:
    await client.post("/auth/accounts", MARIA)

    strange = await client.post("/auth/session?mode=cookie", SIGN_IN, {"origin": "https://evil.example.com"})
    wrong_mode = await client.post("/auth/session?mode=biscuit", SIGN_IN, KNOWN)

    assert (strange.status, strange.problems, strange.cookies) == (403, [(None, "FORBIDDEN")], {})
    assert wrong_mode.problems == [("mode", "UNKNOWN_VALUE")]


async def test_refreshing_replaces_both_cookies(client: Client) -> None:
    cookies = await cookies_of(client)

    answer = await client.post("/auth/refresh?mode=cookie", {}, sent(cookies, origin=ORIGIN))
    without = await client.post("/auth/refresh?mode=cookie", {}, KNOWN)

    assert (answer.status, sorted(answer.cookies)) == (200, ["__Host-access", "__Host-refresh"])
    assert cookies["__Host-refresh"] not in answer.cookies["__Host-refresh"]
    assert without.problems == [(None, "INVALID_REFRESH_TOKEN")]


async def test_signing_out_takes_the_cookies_away(client: Client) -> None:
    cookies = await cookies_of(client)
    json = {"content-type": "application/json"}

    forged = await client.send("DELETE", "/auth/session", headers=sent(cookies, origin="https://evil.example.com"))
    answer = await client.send("DELETE", "/auth/session", headers={**sent(cookies, origin=ORIGIN), **json})

    assert forged.status == 403
    assert (answer.status, sorted(answer.cookies)) == (204, ["__Host-access", "__Host-refresh"])
    assert all("Max-Age=0" in text for text in answer.cookies.values())
    assert (await client.who(headers=sent(cookies, origin=ORIGIN))).body == {"error": "UNAUTHENTICATED"}


async def test_on_a_websocket_the_cookie_counts_with_a_known_origin(server: Running) -> None:
    cookies = await cookies_of(server.client)

    def upgrade(**headers: str) -> HTTPConnection:
        raw = [(name.encode(), value.encode()) for name, value in sent(cookies, **headers).items()]
        return HTTPConnection({"type": "websocket", "headers": raw, "client": ("127.0.0.1", 1)})

    caller = await server.identity.caller_of_request(upgrade(origin=ORIGIN))

    assert caller.actor is not None
    assert caller.address == "127.0.0.1"
    with pytest.raises(AccessError, match="FORBIDDEN"):
        await server.identity.caller_of_request(upgrade(origin="https://evil.example.com"))
    with pytest.raises(AccessError, match="FORBIDDEN"):
        await server.identity.caller_of_request(upgrade())
