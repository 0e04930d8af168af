"""The adapter keeps to the contract, with an operator of each role."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from _pytest.mark import ParameterSet
from aiohttp import web

from gateway.contract import Address, Place, ProviderRole, Signal, SignalKind
from providers.simulator.serving import run_operators
from providers.tmforum import connect
from tests.tmforum.conformance import CHECKS, Check, Subject
from tests.tmforum.connecting import a_profile, connected
from tests.web import serving

PLACE = Place(Address("Storgatan", "11122", "Stockholm", "SE", "1"))
OPERATORS = {
    "aurora": (ProviderRole.SERVICE_PROVIDER, "box-4k"),
    "fjordnet": (ProviderRole.NETWORK_OPERATOR, "5g-100"),
    "filmlyktan": (ProviderRole.CONTENT_PROVIDER, "anime"),
}


def _param(check: Check, rows: tuple[str, ...]) -> ParameterSet:
    marks = [pytest.mark.requirement(*rows)] if rows else []
    return pytest.param(check, marks=marks, id=getattr(check, "__name__", ""))


@pytest.mark.parametrize("version", ["V4", "V5"])
@pytest.mark.parametrize("slug", OPERATORS)
@pytest.mark.parametrize("check", [_param(check, rows) for check, rows in CHECKS.items()])
async def test_the_adapter_keeps_to_the_contract(check: Check, slug: str, version: str, tmp_path: Path) -> None:
    role, ref = OPERATORS[slug]
    async with (
        run_operators(tmp_path, (slug,), delivery_min_s=0.2, delivery_max_s=0.2) as urls,
        connected(urls[slug], a_profile(slug, role), version=version) as provider,
    ):
        await check(Subject(provider, ref, PLACE, "gw-7f3a"))


def test_the_adapter_is_found_by_its_entry_point() -> None:
    from gateway.federation.registry import installed_adapters

    assert installed_adapters()["tmforum"] is connect


@pytest.mark.parametrize("version", ["V4", "V5"])
async def test_an_operators_own_posts_say_which_order_product_and_bill_to_look_at(version: str, tmp_path: Path) -> None:
    posted: asyncio.Queue[Mapping[str, Any]] = asyncio.Queue()

    async def callback(request: web.Request) -> web.Response:
        posted.put_nowait(await request.json())
        return web.Response(status=204)

    role, ref = OPERATORS["aurora"]
    async with (
        run_operators(tmp_path, ("aurora",)) as urls,
        serving(callback) as callback_url,
        connected(urls["aurora"], a_profile("aurora", role), version=version) as provider,
    ):
        subject = Subject(provider, ref, PLACE, "gw-7f3a", callback_url)
        await subject.events.subscribe(callback_url)
        request = subject.request()
        placed = await subject.ordering.place(request)
        ended = await subject.settled(placed.ref)
        bill = (await subject.billing.bills("gw-7f3a"))[0]
        wanted = {
            Signal(SignalKind.ORDER, placed.ref, request.key),
            Signal(SignalKind.PRODUCT, ended.product_ref),
            Signal(SignalKind.BILL, bill.ref),
        }
        async with asyncio.timeout(10):
            while wanted:
                wanted -= set(subject.events.read(await posted.get()))
