"""Providers away, slow, flapping and answering nonsense, all at once: each order is held with the reason, or ends."""

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import pytest

from gateway.domain.identity import provider_id
from tests.e2e.consumer import Consumer, Data, consumer
from tests.e2e.operators import count, mend, running_operators, tell_to_fail
from tests.e2e.processes import FAST, Program, clean_environment, free_port, start
from tests.e2e.shopping import Basket, filled_in, new_bundle, place

AWAY, FLAPPING, NONSENSE, WELL = "fjordnet", "granit", "aurora", "tallskog"
SOLD = {AWAY: "fibre-100", FLAPPING: "fiber-100", NONSENSE: "mobil 5 GB", WELL: "mobil-m"}
# A minute, in the time of these settings.
AWAY_S = 8.0
QUICK = {
    "GATEWAY_PROVIDER_READ_TIMEOUT_S": "1",
    "GATEWAY_PROVIDER_CHANGE_TIMEOUT_S": "1",
    "GATEWAY_PROVIDER_BREAKER_FAILURES": "3",
    "GATEWAY_PROVIDER_BREAKER_OPEN_S": "1",
    "GATEWAY_ORDER_ANSWER_S": "6",
    "GATEWAY_ORDER_POLL_MOST_S": "0.5",
}


@contextlib.contextmanager
def gateway(tmp_path: Path, operators: Path) -> Iterator[Program]:
    """`gateway serve` that loses its patience with providers in seconds."""
    port = free_port()
    command = ["gateway", "serve", "--providers", str(operators / "providers.json"), "--port", str(port)]
    environment = clean_environment(**FAST, **QUICK)
    program = start([*command, "--data", str(tmp_path / "data")], tmp_path / "gateway.log", environment, port)
    try:
        yield program
    finally:
        program.end()


async def basket_of(asker: Consumer, slug: str, ref: str) -> Basket:
    """One product of that provider alone, ready to be ordered."""
    bundle = await new_bundle(asker, provider_id("ProductOffering", slug, ref))
    shown = await filled_in(asker, bundle)
    assert shown["isOrderable"], shown["issues"]
    return Basket(bundle, shown["revision"], [term["id"] for term in shown["terms"]], f"{slug} {ref}")


async def read(asker: Consumer, order: str) -> Data:
    """The order as it is now."""
    return dict((await asker.run("13", id=order, first=100))["order"])


async def reached(asker: Consumer, order: str, *states: str, within_s: float = 30.0) -> Data:
    """The order once it is in one of these states."""
    async with asyncio.timeout(within_s):
        while (found := await read(asker, order))["state"] not in states:  # noqa: ASYNC110 nobody tells
            await asyncio.sleep(0.1)
    return found


async def open_breakers(program: Program) -> set[str]:
    """The providers that are spared some calls now."""
    async with aiohttp.ClientSession() as session, session.get(f"{program.url}/metrics") as response:
        lines = (await response.text()).splitlines()
    opened = [line for line in lines if line.startswith("gateway_provider_breaker_open{") and line.endswith(" 1.0")]
    return {line.partition('provider="')[2].partition('"')[0] for line in opened}


async def retried(asker: Consumer, order: Data) -> None:
    """A person lets its held item go on."""
    query = "mutation($input: RetryOrderItemInput!) { retryOrderItem(input: $input) { userErrors { code } } }"
    given = {"orderId": order["id"], "itemId": order["items"][0]["id"], "idempotencyKey": f"again {order['id']}"}
    assert (await asker.ask(query, {"input": given}))["retryOrderItem"]["userErrors"] == []


async def flap(operators: Path, times: int) -> None:
    """Gone for a moment, there for a moment, and so on."""
    for _ in range(times):
        await tell_to_fail(operators, (FLAPPING,), operation="*", kind="drop_before")
        await asyncio.sleep(0.7)
        await mend(operators, (FLAPPING,))
        await asyncio.sleep(0.5)


@pytest.fixture
def operators(tmp_path: Path) -> Iterator[Path]:
    """The folder of operators that deliver at once."""
    with running_operators(tmp_path, "0.2", "0.4") as folder:
        yield folder


@pytest.mark.requirement("R7")
@pytest.mark.timeout(120)
async def test_providers_that_fail_keep_nobody_elses_orders_and_their_own_are_held_or_end(
    tmp_path: Path, operators: Path
) -> None:
    with gateway(tmp_path, operators) as program:
        await program.ready()
        async with consumer(program.url) as nobody:
            guest = await nobody.newcomer()
            baskets = {slug: await basket_of(guest, slug, ref) for slug, ref in SOLD.items()}
            # Whoever orders is asked to wait while a provider can't be read; here it goes away just after that.
            await tell_to_fail(operators, (AWAY, FLAPPING), operation="productOrder.*", kind="drop_before")
            await tell_to_fail(operators, (NONSENSE,), operation="productOrder.*", kind="nonsense")
            begun = time.monotonic()
            orders = {slug: await place(guest, each.given()) for slug, each in baskets.items()}
            await tell_to_fail(operators, (AWAY,), operation="*", kind="drop_before")
            flapping = asyncio.create_task(flap(operators, 4))

            well = await reached(guest, orders[WELL], "COMPLETED")
            took_s = time.monotonic() - begun
            held = {slug: await reached(guest, orders[slug], "HELD") for slug in (AWAY, NONSENSE)}
            opened = await open_breakers(program)
            await reached(guest, orders[FLAPPING], "COMPLETED")
            await flapping
            await asyncio.sleep(max(begun + AWAY_S - time.monotonic(), 0))
            await mend(operators, (AWAY, NONSENSE))
            for slug, order in held.items():
                await retried(guest, order)
                await reached(guest, orders[slug], "COMPLETED")
            closed = await open_breakers(program)
        counted = await count(operators)

    assert well["state"] == "COMPLETED"
    # Hardly longer than the provider itself took: nobody waited for the others.
    assert took_s < 3
    assert {slug: each["items"][0]["hold"]["code"] for slug, each in held.items()} == {
        AWAY: "PROVIDER_UNAVAILABLE",
        NONSENSE: "PROVIDER_CONTRACT_BROKEN",
    }
    assert AWAY in opened
    assert WELL not in opened
    assert closed == set()
    assert counted.products == Counter(active=4)
    assert set(counted.per_key.values()) == {1}


@pytest.mark.timeout(120)
async def test_a_provider_that_answers_too_late_is_looked_at_and_ordered_from_once(
    tmp_path: Path, operators: Path
) -> None:
    with gateway(tmp_path, operators) as program:
        await program.ready()
        async with consumer(program.url) as nobody:
            guest = await nobody.newcomer()
            slow, well = [await basket_of(guest, slug, SOLD[slug]) for slug in (AWAY, WELL)]
            await tell_to_fail(operators, (AWAY,), operation="productOrder.*", kind="slow", seconds=1.5, times=2)
            begun = time.monotonic()
            orders = [await place(guest, each.given()) for each in (slow, well)]

            await reached(guest, orders[1], "COMPLETED")
            took_s = time.monotonic() - begun
            found = await reached(guest, orders[0], "COMPLETED")
        counted = await count(operators)

    assert took_s < 3
    assert [each["state"] for each in found["items"]] == ["COMPLETED"]
    assert counted.products == Counter(active=2)
    assert set(counted.per_key.values()) == {1}
