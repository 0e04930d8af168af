"""Limits over several gateways count in one Redis, and in each gateway alone while that is away."""

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from limits import parse

from gateway.api.auth.attempts import SharedAttempts, counting
from gateway.api.rates import shared
from gateway.api.rates.settling import SETTLE_S, SettledWindows
from gateway.api.rates.shared import SharedCounts
from gateway.ports import Attempt
from tests.cluster.cluster import Cluster
from tests.cluster.servers import Redis, needs_redis, redis
from tests.e2e.consumer import Consumer, consumer
from tests.storage.conftest import needs_postgres

pytestmark = needs_redis
RATE = parse("100/minute")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Redis]:
    """A Redis of the test's own."""
    with redis(tmp_path) as started:
        yield started


@contextlib.asynccontextmanager
async def counts(server: Redis) -> AsyncIterator[tuple[SharedCounts, SharedCounts]]:
    """The connections of two gateways."""
    async with shared.open_counts(server.url) as one, shared.open_counts(server.url) as other:
        assert one is not None
        assert other is not None
        yield one, other


def attempts(connection: SharedCounts) -> SharedAttempts:
    return SharedAttempts(connection, counting(failures_per_account="3/minute"))


@pytest.mark.requirement("R7")
async def test_attempts_at_one_gateway_count_at_the_other_until_they_are_forgotten(server: Redis) -> None:
    async with counts(server) as (one, other):
        first, second = attempts(one), attempts(other)

        counted = [await each.count(Attempt.SIGN_IN_ACCOUNT, "eva") for each in (first, second, first, second)]
        waits = [await each.wait_s(Attempt.SIGN_IN_ACCOUNT, "eva") for each in (first, second)]
        others_wait = await second.wait_s(Attempt.SIGN_IN_ACCOUNT, "adam")
        await second.forget(Attempt.SIGN_IN_ACCOUNT, "eva")

        assert counted == [True, True, True, False]
        assert all(55 <= wait <= 60 for wait in waits)
        assert others_wait == 0
        assert await first.wait_s(Attempt.SIGN_IN_ACCOUNT, "eva") == 0
        assert await first.count(Attempt.SIGN_IN_ACCOUNT, "eva")


@pytest.mark.requirement("R7")
async def test_what_is_spent_at_one_gateway_is_spent_at_the_other_once_they_have_settled(server: Redis) -> None:
    async with counts(server) as (one, other):
        first, second = SettledWindows(one), SettledWindows(other)

        assert first.hit(RATE, "eva", 60)
        assert second.hit(RATE, "eva", 30)
        await first.settle()
        await second.settle()

        assert not second.hit(RATE, "eva", 11)
        assert second.hit(RATE, "adam", 100)
        assert first.hit(RATE, "eva", 40)  # nobody has told it of the other's yet
        await first.settle()
        assert not first.hit(RATE, "eva", 1)
        assert 1 <= first.wait_s(RATE, "eva") <= 60


async def test_what_was_settled_is_counted_once(server: Redis) -> None:
    async with counts(server) as (one, other):
        first, second = SettledWindows(one), SettledWindows(other)

        for _ in range(10):
            assert first.hit(RATE, "eva", 5)
            assert second.hit(RATE, "eva", 5)
            await asyncio.gather(first.settle(), second.settle())

        await first.settle()
        for windows in (first, second):
            windows.hit(RATE, "eva", 0)
            await windows.settle()
            assert not windows.hit(RATE, "eva", 1)


async def test_without_redis_each_gateway_counts_alone_and_only_the_first_waits(server: Redis) -> None:
    async with counts(server) as (one, other):
        first, second = attempts(one), attempts(other)
        spending = SettledWindows(one)
        await first.count(Attempt.SIGN_IN_ACCOUNT, "eva")
        server.kill()

        began = time.monotonic()
        counted = [await first.count(Attempt.SIGN_IN_ACCOUNT, "eva") for _ in range(200)]
        await second.count(Attempt.SIGN_IN_ACCOUNT, "eva")
        within = [spending.hit(RATE, "eva", 50) for _ in range(3)]
        await spending.settle()

        assert counted == [True] * 3 + [False] * 197
        assert within == [True, True, False]
        assert time.monotonic() - began < 1


async def test_a_redis_that_hangs_is_asked_once_in_a_while(server: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    async with counts(server) as (one, _):
        first = attempts(one)
        process = server._process
        assert process is not None
        os.kill(process.pid, signal.SIGSTOP)
        try:
            began = time.monotonic()
            for _ in range(100):
                await first.count(Attempt.SIGN_IN_ACCOUNT, "eva")
            took = time.monotonic() - began
        finally:
            os.kill(process.pid, signal.SIGCONT)
        monkeypatch.setattr(shared, "REST_S", 0.0)
        one._rests_until = time.monotonic()  # the rest is over

        assert took < 1
        assert await first.wait_s(Attempt.SIGN_IN_ACCOUNT, "eva") == 0  # counted in Redis again


@needs_postgres
@pytest.mark.requirement("R7", "S1")
async def test_two_gateways_lock_an_account_and_spend_a_budget_together(gateways: Cluster, server: Redis) -> None:
    told = {
        "GATEWAY_REDIS_URL": server.url,
        "GATEWAY_SIGN_IN_FAILURES_PER_ACCOUNT": "4/hour",
        "GATEWAY_COST_PER_ACTOR": "100000/hour",
    }
    one, other = gateways.start("one", **told), gateways.start("other", **told)
    for program in (one, other):
        await program.ready()
    async with consumer(one.url) as nobody:
        at_other = Consumer(nobody.session, other.url)
        await nobody.sign_up("maria", PASSWORD)
        maria = await nobody.signed_in("maria", PASSWORD)

        failed = [await sign_in(each, "wrong") for each in (nobody, at_other, nobody, at_other)]
        locked = [await sign_in(each, PASSWORD) for each in (nobody, at_other)]
        spent = 0
        while (await maria.send(DEAR))[1].get("errors") is None:
            spent += 1
        await asyncio.sleep(2 * SETTLE_S)
        elsewhere = Consumer(nobody.session, other.url, maria.token)
        first = await elsewhere.send(DEAR)  # it learns of what was spent once it has something to settle
        await asyncio.sleep(2 * SETTLE_S)
        then = await elsewhere.send(DEAR)

    assert failed == [401] * 4
    assert locked == [401] * 2
    assert spent >= 2
    assert first[1].get("errors") is None
    assert then[1]["errors"][0]["extensions"]["code"] == "RATE_LIMITED"


PASSWORD = "correct horse battery"
DEAR = "{ productOfferings(first: 100) { edges { node { id name prices { id name } characteristics { name } } } } }"


async def sign_in(asker: Consumer, password: str) -> int:
    status, _ = await asker.post("/auth/session", {"username": "maria", "password": password})
    return status
