"""OAuth 2.0 towards a provider: its token server is asked as seldom as can be, and its trouble is sorted."""

import asyncio
from base64 import b64decode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from aiohttp import web

from gateway.contract import Limits, Outbound, ProviderError, Unavailable
from gateway.kit import Answer, Area, Credentials, InvalidOptions, Options, open_client, read_credentials
from tests.web import serving

LIMITS = Limits(read_timeout_s=1, change_timeout_s=1)
CLIENT = {"client_id": "gate way", "client_secret": "s3cret&more", "scope": "orders:read orders:write"}


@dataclass
class Partner:
    """A provider with a token server: hands out t1, t2 …, and takes the tokens in `good`."""

    url: str = ""
    answer: dict[str, Any] = field(default_factory=lambda: {"token_type": "Bearer", "expires_in": 3600})
    status: int = 200
    forms: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    bearers: list[str] = field(default_factory=list)
    good: set[str] = field(default_factory=lambda: {f"Bearer t{number}" for number in range(1, 100)})
    may_answer: asyncio.Event = field(default_factory=asyncio.Event)

    async def handle(self, request: web.Request) -> web.Response:
        if request.path == "/token":
            self.forms.append((request.headers["Authorization"], dict(await request.post())))
            await self.may_answer.wait()
            body = {"access_token": f"t{len(self.forms)}", **self.answer}
            return web.json_response(body, status=self.status, headers={"Retry-After": "7"})
        self.bearers.append(f"{request.method} {request.headers['Authorization']}")
        is_good = request.headers["Authorization"] in self.good
        return web.json_response({"path": request.path}, status=200 if is_good else 401)


@asynccontextmanager
async def a_partner(limits: Limits = LIMITS) -> AsyncIterator[tuple[Partner, Area]]:
    partner = Partner()
    partner.may_answer.set()
    async with serving(partner.handle) as partner.url:
        credentials = credentials_of({**CLIENT, "token_url": f"{partner.url}/token"})
        async with open_client("partner", limits, credentials) as client:
            yield partner, Area(client, "ordering", partner.url, lambda: datetime(2026, 3, 1, tzinfo=UTC))


def credentials_of(client: Any) -> Credentials:
    return read_credentials(Options({"oauth_client": client}, "partner"))


async def get(area: Area) -> object:
    return await area.get("thing", Answer.row)


async def trouble(area: Area) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        await area.send("thing", {}, Answer.row)
    return caught.value


async def test_a_token_is_fetched_at_the_first_need_and_kept() -> None:
    async with a_partner() as (partner, area):
        assert partner.forms == []
        await get(area)
        await area.send("thing", {}, Answer.row)

    ((authorization, form),) = partner.forms
    # Each part form-encoded before it is put together. Source: RFC 6749, 2.3.1.
    assert b64decode(authorization.removeprefix("Basic ")) == b"gate+way:s3cret%26more"
    assert form == {"grant_type": "client_credentials", "scope": "orders:read orders:write"}
    assert partner.bearers == ["GET Bearer t1", "POST Bearer t1"]


async def test_however_many_wait_for_a_token_it_is_fetched_once_even_if_the_first_gives_up() -> None:
    async with a_partner() as (partner, area):
        partner.may_answer.clear()
        waiting = [asyncio.create_task(get(area)) for _ in range(20)]
        while not partner.forms:  # noqa: ASYNC110 a server does not tell
            await asyncio.sleep(0.01)
        waiting[0].cancel()
        await asyncio.sleep(0.01)
        partner.may_answer.set()
        found = await asyncio.gather(*waiting, return_exceptions=True)

    assert isinstance(found[0], asyncio.CancelledError)
    assert found[1:] == [{"path": "/thing"}] * 19
    assert len(partner.forms) == 1


async def test_a_token_that_is_about_to_end_is_not_used_any_more() -> None:
    async with a_partner() as (partner, area):
        partner.answer["expires_in"] = 0.1
        await get(area)
        await get(area)
        await asyncio.sleep(0.12)
        await get(area)

    assert partner.bearers == ["GET Bearer t1", "GET Bearer t1", "GET Bearer t2"]


async def test_a_token_that_is_refused_is_replaced_once_also_for_a_change() -> None:
    async with a_partner() as (partner, area):
        await get(area)
        partner.good = {"Bearer t2"}
        await area.send("thing", {}, Answer.row)

    assert partner.bearers == ["GET Bearer t1", "POST Bearer t1", "POST Bearer t2"]


async def test_when_every_token_is_refused_the_token_server_is_not_asked_again_and_again() -> None:
    async with a_partner() as (partner, area):
        partner.good = set()
        errors = [await trouble(area) for _ in range(5)]

    assert {type(error) for error in errors} == {Unavailable}
    assert len(partner.forms) == 1
    assert len(partner.bearers) == 5


@pytest.mark.parametrize(
    ("status", "answer", "detail"),
    [
        (401, {"error": "invalid_client"}, "no token: status 401: invalid_client"),
        (400, {"error": "<b>s3cret</b>"}, "no token: status 400"),
        (500, {}, "no token: status 500"),
        (302, {}, "no token: status 302"),
        (200, {"access_token": None}, "no token: no access_token"),
        (200, {"access_token": "a\r\nX-Evil: 1"}, "no token: no access_token"),
        (200, {"token_type": "mac"}, "no token: a token of another type than bearer"),
    ],
)
async def test_trouble_with_the_token_server_means_that_nothing_was_sent(
    status: int, answer: dict[str, Any], detail: str
) -> None:
    async with a_partner() as (partner, area):
        partner.status = status
        partner.answer.update(answer)
        error = await trouble(area)

    assert isinstance(error, Unavailable)
    assert (error.provider, error.capability, error.detail) == ("partner", "credentials", detail)
    assert error.retry_after_s == (7.0 if status != 200 else None)
    assert partner.bearers == []


async def test_a_token_server_that_is_silent_or_away_means_that_nothing_was_sent() -> None:
    async with a_partner(Limits(read_timeout_s=0.1, change_timeout_s=0.1)) as (partner, area):
        partner.may_answer.clear()
        error = await trouble(area)
        partner.may_answer.set()

    assert (type(error), error.detail) == (Unavailable, "no token: no answer in time")


async def test_a_token_server_inside_is_not_reached() -> None:
    async with a_partner(Limits(outbound=Outbound(()))) as (partner, area):
        error = await trouble(area)

    assert error.detail.startswith("no token: the address is not in a network that is allowed")
    assert partner.forms == []


async def test_neither_secret_nor_token_is_printed(caplog: pytest.LogCaptureFixture) -> None:
    async with a_partner() as (partner, area):
        partner.status = 401
        error = await trouble(area)
        credentials = credentials_of({**CLIENT, "token_url": "https://partner.example/token"})

        assert "s3cret" not in f"{error!r} {area!r} {area.client!r} {credentials!r} {caplog.text}"


@pytest.mark.parametrize(
    ("client", "text"),
    [
        ({**CLIENT}, "option credentials.oauth_client.token_url: is required"),
        ({**CLIENT, "token_url": "ftp://x"}, "option credentials.oauth_client.token_url: an http or https address"),
        ({**CLIENT, "token_url": "https://x", "secret": "y"}, "option credentials.oauth_client.secret: is not known"),
    ],
)
def test_a_mistake_in_a_client_is_named(client: dict[str, Any], text: str) -> None:
    with pytest.raises(InvalidOptions) as caught:
        read_credentials(Options({"credentials": {"oauth_client": client}}, "partner").section("credentials"))

    assert text in str(caught.value)
