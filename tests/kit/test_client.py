"""The kit's HTTP client: what each kind of trouble becomes."""

import asyncio
import socket
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from aiohttp import web

from gateway.contract import ContractBroken, Limits, OutcomeUnknown, ProviderError, Rejected, Unavailable
from gateway.kit import Answer, Area, Credentials, open_client, read_credentials
from gateway.kit.options import Options
from tests.web import Handler, drop, serving

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
FAST = Limits(read_timeout_s=0.5, change_timeout_s=0.5, answer_bytes=10_000)
BEARER = Credentials({"Authorization": "Bearer s3cret"})
ERROR = {"code": 4711, "reason": "no free port", "message": "Conflict"}


@asynccontextmanager
async def area_at(url: str, credentials: Credentials | None = None) -> AsyncIterator[Area]:
    async with open_client("fjordnet", FAST, credentials) as client:
        yield Area(client, "ordering", url, lambda: NOW)


def answering(status: int, body: Any = None, text: str | None = None, **headers: str) -> Handler:
    named = {name.replace("_", "-"): value for name, value in headers.items()}

    async def handler(_request: web.Request) -> web.Response:
        if text is not None:
            return web.Response(status=status, text=text, headers=named)
        return web.json_response(body, status=status, headers=named)

    return handler


async def trouble_of(handler: Handler, verb: str) -> ProviderError:
    async with serving(handler) as url, area_at(url) as area:
        with pytest.raises(ProviderError) as caught:
            await call(area, verb)
    return caught.value


async def call(area: Area, verb: str) -> object:
    match verb:
        case "get":
            return await area.get("thing", Answer.row)
        case "ask":
            return await area.ask("thing", {}, Answer.row)
        case _:
            return await area.send("thing", {}, Answer.row, key="k")


@pytest.mark.parametrize(
    ("status", "on_get", "on_ask", "on_send"),
    [
        (400, ContractBroken, Rejected, Rejected),
        (401, Unavailable, Unavailable, Unavailable),
        (403, Unavailable, Unavailable, Unavailable),
        (404, ContractBroken, ContractBroken, ContractBroken),
        (405, ContractBroken, ContractBroken, ContractBroken),
        (408, Unavailable, Unavailable, OutcomeUnknown),
        (409, ContractBroken, Rejected, Rejected),
        (422, ContractBroken, Rejected, Rejected),
        (429, Unavailable, Unavailable, Unavailable),
        (500, Unavailable, Unavailable, OutcomeUnknown),
        (502, Unavailable, Unavailable, OutcomeUnknown),
        (503, Unavailable, Unavailable, OutcomeUnknown),
        (504, Unavailable, Unavailable, OutcomeUnknown),
    ],
)
async def test_each_status_becomes_the_error_that_says_what_to_do_next(
    status: int, on_get: type[ProviderError], on_ask: type[ProviderError], on_send: type[ProviderError]
) -> None:
    handler = answering(status, ERROR)

    found = [type(await trouble_of(handler, verb)) for verb in ("get", "ask", "send")]

    assert found == [on_get, on_ask, on_send]


async def test_a_refusal_carries_the_providers_code_and_words() -> None:
    error = await trouble_of(answering(422, ERROR), "send")

    assert isinstance(error, Rejected)
    assert (error.provider, error.capability, error.reason, error.detail) == (
        "fjordnet",
        "ordering",
        "4711",
        "no free port",
    )


@pytest.mark.parametrize(
    ("named", "wait_s"),
    [("7", 7.0), ("Sun, 01 Mar 2026 12:00:30 GMT", 30.0), ("99999999", 3600.0), ("Sun, 01 Mar 2026 11:00:00 GMT", 0.0)],
)
@pytest.mark.parametrize("status", [429, 503])
async def test_a_provider_that_names_a_time_to_wait_has_done_nothing(status: int, named: str, wait_s: float) -> None:
    error = await trouble_of(answering(status, ERROR, Retry_After=named), "send")

    assert isinstance(error, Unavailable)
    assert error.retry_after_s == wait_s


@pytest.mark.parametrize(
    ("verb", "expected"), [("get", ContractBroken), ("ask", ContractBroken), ("send", OutcomeUnknown)]
)
@pytest.mark.parametrize(
    "handler",
    [
        answering(200, text="<html>hello</html>"),
        answering(201, text=""),
        answering(201, [1, 2]),
        answering(201, {"id": "x" * 20_000}),
    ],
    ids=["no JSON", "nothing", "a list", "too long"],
)
async def test_after_a_change_a_nonsense_answer_means_that_it_may_be_done(
    handler: Handler, verb: str, expected: type[ProviderError]
) -> None:
    assert type(await trouble_of(handler, verb)) is expected


@pytest.mark.parametrize(("verb", "expected"), [("get", Unavailable), ("ask", Unavailable), ("send", OutcomeUnknown)])
async def test_a_dropped_line_or_silence_after_sending_leaves_a_change_unknown(
    verb: str, expected: type[ProviderError]
) -> None:
    async def drops(request: web.Request) -> web.Response:
        await request.read()
        return drop(request)

    async def sleeps(_request: web.Request) -> web.Response:
        await asyncio.sleep(5)
        return web.Response()

    assert type(await trouble_of(drops, verb)) is expected
    assert type(await trouble_of(sleeps, verb)) is expected


async def test_a_line_that_drops_on_a_kept_connection_leaves_a_change_unknown() -> None:
    met: list[object] = []

    async def handler(request: web.Request) -> web.Response:
        await request.read()
        met.append(request.transport)
        return drop(request) if request.method == "POST" else web.json_response({})

    async with serving(handler) as url, area_at(url) as area:
        await area.get("thing", Answer.row)
        with pytest.raises(OutcomeUnknown):
            await area.send("thing", {}, Answer.row)

    assert met[0] is met[1]
    assert len(met) == 2


async def test_an_answer_that_ends_too_early_leaves_a_change_unknown() -> None:
    async def half(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "1000"})
        await response.prepare(request)
        await response.write(b'{"id":')
        return drop(request)

    assert type(await trouble_of(half, "send")) is OutcomeUnknown


@pytest.mark.parametrize("verb", ["get", "send"])
async def test_what_was_never_sent_is_unavailable_even_for_a_change(verb: str) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        closed = f"http://127.0.0.1:{listener.getsockname()[1]}"
    async with area_at(closed) as area:
        with pytest.raises(Unavailable):
            await call(area, verb)


async def test_a_redirect_elsewhere_is_refused_and_takes_no_credentials_along() -> None:
    met: list[str] = []

    async def elsewhere(request: web.Request) -> web.Response:
        met.append(request.path)
        return web.json_response({})

    async with serving(elsewhere) as target:
        redirect = answering(307, {}, Location=f"{target}/stolen")

        assert type(await trouble_of(redirect, "get")) is ContractBroken
        assert type(await trouble_of(redirect, "send")) is OutcomeUnknown

    assert met == []


async def test_a_read_follows_a_redirect_on_the_same_server_but_not_for_ever() -> None:
    async def slashes(request: web.Request) -> web.Response:
        if request.path.endswith("/"):
            return web.json_response({"id": request.path})
        return web.Response(status=308, headers={"Location": f"{request.path}/"})

    async with serving(slashes) as url, area_at(url) as area:
        assert await area.get("thing", Answer.row) == {"id": "/thing/"}

    assert type(await trouble_of(answering(302, {}, Location="/again"), "get")) is ContractBroken


async def test_a_key_goes_out_with_the_change_and_credentials_with_every_request() -> None:
    met: list[tuple[str, str | None, str | None]] = []

    async def handler(request: web.Request) -> web.Response:
        met.append((request.method, request.headers.get("Authorization"), request.headers.get("Idempotency-Key")))
        return web.json_response({})

    basic = read_credentials(Options({"basic": {"username": "gateway", "password": "s:t"}}, "fjordnet"))
    async with serving(handler) as url, area_at(url, basic) as area:
        await area.get("thing", Answer.row)
        await area.send("thing", {}, Answer.row, key="order/1/place/1")

    assert met == [("GET", "Basic Z2F0ZXdheTpzOnQ=", None), ("POST", "Basic Z2F0ZXdheTpzOnQ=", "order/1/place/1")]


async def test_credentials_stand_in_no_error_and_in_no_printed_form(caplog: pytest.LogCaptureFixture) -> None:
    async with serving(answering(401, ERROR)) as url, area_at(url, BEARER) as area:
        with pytest.raises(Unavailable) as caught:
            await area.get("thing", Answer.row)

        assert "s3cret" not in f"{caught.value!r} {area!r} {area.client!r} {caplog.text}"


async def test_a_conditional_read_says_when_nothing_changed() -> None:
    async def handler(request: web.Request) -> web.Response:
        if request.headers.get("If-None-Match") == '"v1"':
            return web.Response(status=304)
        return web.json_response({}, headers={"ETag": '"v1"'})

    async with serving(handler) as url, area_at(url) as area:
        first = await area.get("thing", lambda answer: answer)
        second = await area.get("thing", lambda answer: answer, etag=first.etag)

    assert (first.etag, first.is_unchanged, second.is_unchanged) == ('"v1"', False, True)


async def test_connections_are_kept_and_references_of_any_characters_arrive() -> None:
    met: list[tuple[object, str]] = []

    async def handler(request: web.Request) -> web.Response:
        met.append((request.transport, request.raw_path))
        return web.json_response({})

    async with serving(handler) as url, area_at(url) as area:
        for _ in range(3):
            await area.get("thing/a%2Fb%25%20%C3%B6", Answer.row, {"name": "a&b"})

    assert len({id(transport) for transport, _ in met}) == 1
    assert met[0][1] == "/thing/a%2Fb%25%20%C3%B6?name=a%26b"
    assert area.client.calls == 3


async def test_what_is_gone_is_none_and_deleting_it_again_is_harmless() -> None:
    async with serving(answering(404, ERROR)) as url, area_at(url) as area:
        assert await area.find("thing", Answer.row) is None
        await area.delete("thing")


async def test_a_client_is_refused_on_another_event_loop() -> None:
    async with area_at("http://127.0.0.1:1") as area:
        caught: list[BaseException] = []

        def elsewhere() -> None:
            try:
                asyncio.run(area.get("thing", Answer.row))
            except RuntimeError as error:
                caught.append(error)

        thread = threading.Thread(target=elsewhere)
        thread.start()
        await asyncio.to_thread(thread.join)

    assert str(caught[0]) == "the client of fjordnet belongs to another event loop"


async def test_a_list_is_asked_for_what_changed_since_a_moment_in_the_providers_own_words() -> None:
    moment = "Tue, 05 Feb 2019 14:03:15 GMT"

    async def handler(request: web.Request) -> web.Response:
        if request.headers.get("If-Modified-Since") == moment:
            return web.Response(status=304)
        return web.json_response([], headers={"Last-Modified": moment})

    async with serving(handler) as url, area_at(url) as area:
        first = await area.get("things", lambda answer: answer)
        second = await area.get("things", lambda answer: answer, modified_since=first.last_modified)

    assert (first.last_modified, first.is_unchanged, second.is_unchanged) == (moment, False, True)


async def test_a_list_that_is_not_there_reaches_a_reader_that_knows_what_it_means() -> None:
    async with serving(answering(404, ERROR)) as url, area_at(url) as area:
        assert await area.get("things", lambda answer: answer.status, also=frozenset({404})) == 404


@pytest.mark.parametrize(
    ("status", "expected"), [(409, Rejected), (500, OutcomeUnknown), (503, OutcomeUnknown), (401, Unavailable)]
)
async def test_a_deletion_that_matters_is_a_change(status: int, expected: type[ProviderError]) -> None:
    async with serving(answering(status, {"cause": "too late"})) as url, area_at(url) as area:
        with pytest.raises(expected, match="too late") as caught:
            await area.remove("thing", lambda answer: answer)
        assert type(caught.value) is expected
        assert await area.remove("thing", lambda answer: answer.status, also=frozenset({status})) == status
