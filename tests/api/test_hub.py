"""Providers post events over HTTP: to an address of their own, proven as agreed, and only so many."""

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import pytest

from gateway.contract import Post
from gateway.kit.signatures import SignatureProof, sign_post
from gateway.kit.webhooks import HmacProof, sign_hmac
from tests.api.running import SECRET, Running, running
from tests.clock import SettableClock

KEY = b"k" * 32
BODY = b'{"kind": "ORDER", "ref": "o1"}'
URL = f"https://gateway.test/nord/{SECRET}"


async def post(gateway: Running, headers: Mapping[str, str], secret: str = SECRET, body: bytes = BODY) -> int:
    address = f"{gateway.address}/providers/nord/events/{secret}"
    async with gateway.http.post(address, data=body, headers=headers) as response:
        assert await response.read() == b""
        return response.status


@pytest.mark.requirement("S6")
async def test_a_provider_proves_by_hmac_that_it_posts_and_nobody_posts_it_again(tmp_path: Path) -> None:
    async with running(tmp_path, event_proof=HmacProof(KEY, SettableClock().now)) as gateway:
        headers = sign_hmac(KEY, BODY, "msg_1", gateway.clock.now())
        found = [
            await post(gateway, {}),
            await post(gateway, sign_hmac(b"x" * 32, BODY, "msg_1", gateway.clock.now())),
            await post(gateway, sign_hmac(KEY, BODY, "msg_0", gateway.clock.now() - timedelta(minutes=5))),
            await post(gateway, headers, body=BODY + b" "),
            await post(gateway, headers, secret="wrong"),
            await post(gateway, headers),
            await post(gateway, headers),
        ]

    assert found == [401, 401, 401, 401, 404, 204, 409]
    assert gateway.posted == [("nord", {"kind": "ORDER", "ref": "o1"})]


@pytest.mark.requirement("S6")
async def test_a_provider_proves_by_a_signature_that_it_posts_to_its_address(tmp_path: Path) -> None:
    async with running(tmp_path, event_proof=SignatureProof("nord-1", KEY, SettableClock().now)) as gateway:
        headers = sign_post("nord-1", KEY, Post(URL, {}, BODY), gateway.clock.now())
        elsewhere = sign_post("nord-1", KEY, Post(URL + "x", {}, BODY), gateway.clock.now())
        found = [await post(gateway, each) for each in ({}, elsewhere, headers, headers)]

    assert found == [401, 401, 204, 409]


async def test_a_provider_that_posts_too_much_is_told_to_wait_and_a_stranger_takes_none_of_its_room(
    tmp_path: Path,
) -> None:
    async with running(tmp_path, hub_rate="2/minute") as gateway:
        strangers = [await post(gateway, {}, secret="wrong") for _ in range(5)]
        found = [await post(gateway, {}) for _ in range(3)]

    assert strangers == [404] * 5
    assert found == [204, 204, 429]
