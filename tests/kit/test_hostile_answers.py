"""A provider that means ill: its answers are bounded in size, depth, number and time."""

import asyncio
import gzip
import time
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from gateway.contract import ContractBroken, Limits, OutcomeUnknown, ProviderError, Unavailable
from gateway.kit import Answer, Area, open_client
from gateway.kit.answers import is_deeper
from providers.tmforum.listing import read_all
from tests.web import Handler, serving

LIMITS = Limits(read_timeout_s=0.4, change_timeout_s=0.4, answer_bytes=100_000, pages=20)
BOMB = b"[" + b"0," * 5_000_000 + b"0]"


@asynccontextmanager
async def area_of(handler: Handler, limits: Limits = LIMITS) -> AsyncIterator[Area]:
    async with serving(handler) as url, open_client("mallory", limits) as client:
        yield Area(client, "catalog", url, lambda: datetime(2026, 3, 1, tzinfo=UTC))


async def trouble_of(handler: Handler, limits: Limits = LIMITS) -> ProviderError:
    async with area_of(handler, limits) as area:
        with pytest.raises(ProviderError) as caught:
            await area.get("thing", Answer.json)
    return caught.value


def answering(body: bytes, **headers: str) -> Handler:
    async def handler(_request: web.Request) -> web.Response:
        return web.Response(body=body, headers={name.replace("_", "-"): value for name, value in headers.items()})

    return handler


@pytest.mark.parametrize(
    ("encoding", "packed"),
    [("gzip", gzip.compress(BOMB)), ("deflate", zlib.compress(BOMB))],
    ids=["gzip", "deflate"],
)
async def test_a_small_body_that_unpacks_to_a_huge_one_ends_at_the_limit(encoding: str, packed: bytes) -> None:
    assert len(packed) < 100_000

    error = await trouble_of(answering(packed, Content_Encoding=encoding))

    assert (type(error), error.detail) == (ContractBroken, "an answer of more than 100000 bytes")


async def test_a_body_without_an_end_is_not_read_beyond_the_limit() -> None:
    written = 0

    async def handler(request: web.Request) -> web.StreamResponse:
        nonlocal written
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            await response.write(b" " * 65536)
            written += 65536

    error = await trouble_of(handler, replace(LIMITS, read_timeout_s=5))

    assert (type(error), error.detail) == (ContractBroken, "an answer of more than 100000 bytes")
    # What the sockets hold in between is read by nobody.
    assert written < 32 * 1024 * 1024


async def test_an_area_may_be_bounded_closer_than_its_client() -> None:
    async with area_of(answering(b'"' + b"x" * 2000 + b'"')) as area:
        assert len(await area.get("thing", Answer.json)) == 2000

        with pytest.raises(ContractBroken, match="an answer of more than 1000 bytes"):
            await replace(area, answer_bytes=1000).get("thing", Answer.json)


async def test_an_answer_that_drips_ends_at_the_time_limit() -> None:
    async def handler(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            await response.write(b" ")
            await asyncio.sleep(0.02)

    started = time.monotonic()
    error = await trouble_of(handler)

    assert (type(error), error.detail) == (Unavailable, "no answer in time")
    assert time.monotonic() - started < 2


@pytest.mark.parametrize("opened", [b"[", b'{"a":'], ids=["lists", "objects"])
@pytest.mark.parametrize("levels", [65, 300, 1000, 40_000])
async def test_json_that_is_nested_deeper_than_the_limit_makes_no_sense(opened: bytes, levels: int) -> None:
    body = opened * levels + b"0" + (b"]" if opened == b"[" else b"}") * levels

    error = await trouble_of(answering(body[:90_000] if levels > 2000 else body))

    assert type(error) is ContractBroken


async def test_a_change_that_is_answered_by_nesting_may_be_done() -> None:
    async with area_of(answering(b"[" * 65 + b"]" * 65)) as area:
        with pytest.raises(OutcomeUnknown, match="JSON of more than 64 levels"):
            await area.send("thing", {}, Answer.json)


def test_as_many_levels_as_allowed_are_read_and_brackets_in_texts_are_none() -> None:
    deep = Answer(200, body=b"[" * 64 + b"]" * 64)
    wide = Answer(200, body=orjson.dumps([{"text": "[" * 500, 'a\\"[{\\': '\\"}['}] * 500))

    assert str(deep.json()).count("[") == 64
    assert len(wide.rows()) == 500


JSON = st.recursive(
    st.none() | st.integers(-9, 9) | st.text('[]{}"\\/a,:', max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text('[]{}"\\a', max_size=5), inner, max_size=3),
    max_leaves=12,
)


@given(JSON)
def test_levels_are_counted_whatever_stands_in_the_texts(value: Any) -> None:
    def nested(each: Any) -> int:
        inner = list(each.values()) if isinstance(each, dict) else each
        return 1 + max(map(nested, inner), default=0) if isinstance(inner, list) else 0

    body, found = orjson.dumps(value), nested(value)
    assert [is_deeper(body, limit) for limit in range(20)] == [found > limit for limit in range(20)]


async def test_a_list_without_an_end_is_given_up() -> None:
    asked: list[str] = []

    async def handler(request: web.Request) -> web.Response:
        asked.append(request.query["offset"])
        offset = int(request.query["offset"])
        return web.json_response([{"id": str(offset + number)} for number in range(10)])

    async with area_of(handler) as area:
        with pytest.raises(ContractBroken, match="has no end"):
            await read_all(area, "thing", 10)

    assert len(asked) == 20


async def test_a_list_of_pages_that_are_each_near_the_limit_is_given_up() -> None:
    asked: list[str] = []

    async def handler(request: web.Request) -> web.Response:
        asked.append(request.query["offset"])
        return web.json_response([{"id": request.query["offset"], "text": "x" * 90_000}])

    async with area_of(handler) as area:
        with pytest.raises(ContractBroken, match="has no end"):
            await read_all(area, "thing", 1)

    assert len(asked) == 5


async def test_a_list_of_more_rows_than_anybody_has_is_given_up_before_they_are_read() -> None:
    handler = answering(orjson.dumps([{"id": str(number)} for number in range(101)]))

    async with area_of(handler, replace(LIMITS, rows=100)) as area:
        with pytest.raises(ContractBroken, match="has no end, or a late one"):
            await read_all(area, "thing", 10)


@pytest.mark.parametrize(
    "body", [b"[" + b"{}," * 300_000 + b"{}]", b"[" + b"[]," * 300_000 + b"[]]", b"1," * 1_000_000]
)
async def test_few_bytes_that_would_take_much_memory_make_no_sense(body: bytes) -> None:
    limits = replace(LIMITS, read_timeout_s=5, answer_bytes=4_000_000)

    error = await trouble_of(answering(body), limits)

    assert isinstance(error, ContractBroken)
    assert error.detail == "JSON of more than 300000 objects and lists, or 1000000 values"
