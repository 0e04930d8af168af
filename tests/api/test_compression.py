"""Answers are compressed for who reads that, where it saves something."""

import gzip
from collections.abc import Mapping

import pytest
from aiohttp import ClientSession, DummyCookieJar

from tests.api.running import Running

LONG, SHORT = "{ __schema { types { name description } } }", "{ __typename }"


async def _sent(gateway: Running, query: str, accept_encoding: str) -> tuple[Mapping[str, str], bytes]:
    headers = {"accept-encoding": accept_encoding}
    async with (
        ClientSession(auto_decompress=False, cookie_jar=DummyCookieJar()) as http,
        http.post(f"{gateway.address}/graphql", json={"query": query}, headers=headers) as response,
    ):
        return response.headers, await response.read()


@pytest.mark.parametrize("accept", ["gzip", "gzip, deflate, br", "br;q=1.0, gzip;q=0.5", "*"])
async def test_a_long_answer_is_compressed_for_who_reads_gzip(gateway: Running, accept: str) -> None:
    plain_headers, plain = await _sent(gateway, LONG, "identity")
    headers, body = await _sent(gateway, LONG, accept)

    assert (headers["content-encoding"], "content-encoding" in plain_headers) == ("gzip", False)
    assert gzip.decompress(body) == plain
    assert len(body) < len(plain) / 3
    assert int(headers["content-length"]) == len(body)
    assert "accept-encoding" in headers["vary"]


@pytest.mark.parametrize(("query", "accept"), [(SHORT, "gzip"), (LONG, "gzip;q=0"), (LONG, "br"), (LONG, "")])
async def test_an_answer_stays_as_it_is_where_that_saves_nothing_or_is_not_read(
    gateway: Running, query: str, accept: str
) -> None:
    headers, body = await _sent(gateway, query, accept)

    assert "content-encoding" not in headers
    assert body.startswith(b'{"data":')
