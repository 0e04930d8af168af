"""Pages of other origins: those that the operator named may use the API, a stranger's may not."""

from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest

from tests.api.running import Running, running

KNOWN, STRANGER = "https://shop.example.com", "https://stranger.example.com"
PREFLIGHT = {"access-control-request-method": "POST", "access-control-request-headers": "authorization,content-type"}


@pytest.fixture
async def gateway(tmp_path: Path) -> AsyncIterator[Running]:
    async with running(tmp_path, allowed_origins=(KNOWN,), cors_origins=(KNOWN,)) as started:
        yield started


async def _preflight(gateway: Running, origin: str) -> tuple[int, Mapping[str, str]]:
    headers = PREFLIGHT | {"origin": origin}
    async with gateway.http.options(f"{gateway.address}/graphql", headers=headers) as response:
        return response.status, response.headers


async def _asked(gateway: Running, origin: str) -> Mapping[str, str]:
    body = {"query": "{ viewer { id } }"}
    async with gateway.http.post(f"{gateway.address}/graphql", json=body, headers={"origin": origin}) as response:
        return response.headers


async def test_a_named_origin_may_send_what_needs_asking_first(gateway: Running) -> None:
    status, headers = await _preflight(gateway, KNOWN)

    assert (status, headers["access-control-allow-origin"]) == (200, KNOWN)
    assert headers["access-control-allow-credentials"] == "true"
    assert {"authorization", "content-type"} <= {
        each.strip().lower() for each in headers["access-control-allow-headers"].split(",")
    }


async def test_a_named_origin_may_read_the_answer(gateway: Running) -> None:
    headers = await _asked(gateway, KNOWN)

    assert headers["access-control-allow-origin"] == KNOWN
    assert headers["access-control-expose-headers"] == "retry-after, end-session-location"
    assert "Origin" in headers["vary"]


async def test_a_strangers_page_may_neither_send_nor_read(gateway: Running) -> None:
    status, headers = await _preflight(gateway, STRANGER)

    assert (status, "access-control-allow-origin" in headers) == (400, False)
    assert "access-control-allow-origin" not in await _asked(gateway, STRANGER)


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
async def test_nothing_is_run_that_a_page_could_send_without_asking(gateway: Running, kind: str) -> None:
    body = b'{"query": "mutation { createBundle(input: {}) { userErrors { code } } }"}'
    headers = {"content-type": kind}
    async with gateway.http.post(f"{gateway.address}/graphql", data=body, headers=headers) as response:
        assert response.status == 415


async def test_where_no_other_origin_is_named_no_header_speaks_of_origins(tmp_path: Path) -> None:
    async with running(tmp_path, allowed_origins=("http://127.0.0.1",)) as alone:
        assert "access-control-allow-origin" not in await _asked(alone, "http://127.0.0.1")
