"""What the adapter is to the gateway; that it keeps the contract is shown by tests/kit/test_conformance.py."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from gateway.contract import (
    Address,
    OrderItemState,
    OrderRequest,
    Place,
    Provider,
    ProviderOrder,
    ProviderRole,
    QualificationResult,
    Signal,
    SignalKind,
)
from providers.simulator.market import market
from providers.simulator.serving import run_operators
from providers.tmforum import connect
from tests.tmforum.connecting import a_profile, connected
from tests.web import serving

PLACE = Place(Address("Storgatan", "11122", "Stockholm", "SE", "1"))
SLOW_PLACE = Place(Address("Storgatan", "21120", "Malmö", "SE", "1"))


async def _delivered(provider: Provider, request: OrderRequest) -> ProviderOrder:
    """The order when it is complete."""
    assert provider.ordering is not None
    placed = await provider.ordering.place(request)
    async with asyncio.timeout(10):
        while (order := await provider.ordering.track(placed.ref)).state is not OrderItemState.COMPLETED:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    return order


@pytest.mark.parametrize("slug", [entry.slug for entry in market().operators])
async def test_a_catalogue_is_the_same_in_both_versions(slug: str, tmp_path: Path) -> None:
    profile = a_profile(slug, *(ProviderRole[name] for name in market().select((slug,))[0].roles))
    read = []
    async with run_operators(tmp_path, (slug,)) as urls:
        for version in ("V4", "V5"):
            async with connected(urls[slug], profile, version=version) as provider:
                assert provider.catalog is not None
                snapshot = await provider.catalog.snapshot(None)
                assert snapshot is not None
                read.append(snapshot.offerings)

    assert read[0] == read[1]
    assert read[0]


async def test_a_query_of_v5_names_the_same_offerings_as_checking_each(tmp_path: Path) -> None:
    refs, results = ("fibre-100", "fibre-1000", "dsl-8", "5g-100"), []
    async with run_operators(tmp_path, ("fjordnet",)) as urls:
        for form in ("CHECK", "QUERY"):
            async with connected(urls["fjordnet"], version="V5", qualification_form=form) as provider:
                assert provider.qualification is not None
                found = await provider.qualification.qualify(refs, SLOW_PLACE)
                results.append([each.result is QualificationResult.QUALIFIED for each in found])

    assert results[0] == results[1]
    assert set(results[0]) == {True, False}


@pytest.mark.parametrize("version", ["V4", "V5"])
async def test_the_discount_of_a_bundle_is_agreed_on_in_each_version(version: str, tmp_path: Path) -> None:
    async with (
        run_operators(tmp_path, ("aurora",)) as urls,
        connected(urls["aurora"], a_profile("aurora"), version=version) as provider,
    ):
        assert provider.billing is not None
        charged = []
        for bundle in (None, "komplett"):
            request = OrderRequest(f"key of {bundle}", "gw-7f3a", "tv-mellan", place=PLACE, bundle_ref=bundle)
            ended = await _delivered(provider, request)
            charges = [
                each for each in await provider.billing.charges("gw-7f3a") if each.product_ref == ended.product_ref
            ]
            charged.append([each.amount.amount < 0 for each in charges if each.bill_ref is None])

    assert charged == [[False], [False, True]]


def test_the_adapter_is_found_by_its_entry_point() -> None:
    from gateway.federation.adapters import installed_adapters

    assert installed_adapters()["tmforum"] is connect


@pytest.mark.parametrize("version", ["V4", "V5"])
async def test_an_operators_own_posts_say_which_order_product_and_bill_to_look_at(version: str, tmp_path: Path) -> None:
    posted: asyncio.Queue[Mapping[str, Any]] = asyncio.Queue()

    async def callback(request: web.Request) -> web.Response:
        posted.put_nowait(await request.json())
        return web.Response(status=204)

    async with (
        run_operators(tmp_path, ("aurora",)) as urls,
        serving(callback) as callback_url,
        connected(urls["aurora"], a_profile("aurora"), version=version) as provider,
    ):
        assert provider.events is not None
        assert provider.billing is not None
        await provider.events.subscribe(callback_url)
        ended = await _delivered(provider, OrderRequest("key-1", "gw-7f3a", "box-4k", place=PLACE))
        bill = (await provider.billing.bills("gw-7f3a"))[0]
        wanted = {
            Signal(SignalKind.ORDER, ended.ref, "key-1"),
            Signal(SignalKind.PRODUCT, ended.product_ref),
            Signal(SignalKind.BILL, bill.ref),
        }
        async with asyncio.timeout(10):
            while wanted:
                wanted -= set(provider.events.read(await posted.get()))
