"""Every installed adapter keeps to where its provider may be: an inside server hears of none of its capabilities."""

from dataclasses import replace

import pytest
from aiohttp import web

from gateway.contract import Limits, Outbound, ProviderRole
from gateway.domain.registrations import CheckResult
from gateway.federation.adapters import installed_adapters
from gateway.federation.checks import check_reads
from gateway.federation.registry import ProviderSpec, open_registry
from gateway.storage import SystemClock
from tests.web import serving

LIMITS = Limits(read_timeout_s=1, snapshot_timeout_s=1, change_timeout_s=1, read_tries=1)


@pytest.mark.parametrize("adapter", installed_adapters())
@pytest.mark.parametrize(
    ("outbound", "is_heard"), [(Outbound(()), False), (Outbound(), True)], ids=["registered", "of the operator"]
)
async def test_an_adapter_reaches_what_its_provider_may_be_at(adapter: str, outbound: Outbound, is_heard: bool) -> None:
    met: list[str] = []

    async def handler(request: web.Request) -> web.Response:
        met.append(request.path)
        return web.json_response([])

    limits = replace(LIMITS, outbound=outbound)
    async with serving(handler) as url:
        spec = ProviderSpec("nord", "Nord", (ProviderRole.NETWORK_OPERATOR,), adapter, {"url": url}, limits)
        async with open_registry([spec], [], SystemClock()) as registry:
            provider = registry.provider("nord")
            assert provider is not None
            outcomes = [each async for each in check_reads(provider)]

    assert bool(met) is is_heard
    # What needs no answer may be fine all the same: a mark to begin from, for one.
    assert is_heard or CheckResult.FAILED in {each.result for each in outcomes}
