"""The adapter keeps to the contract, with an operator of each role."""

from pathlib import Path

import pytest
from _pytest.mark import ParameterSet

from gateway.contract import Address, Place, ProviderRole
from providers.simulator.serving import run_operators
from providers.tmforum import connect
from tests.tmforum.conformance import CHECKS, Check, Subject
from tests.tmforum.connecting import a_profile, connected

PLACE = Place(Address("Storgatan", "11122", "Stockholm", "SE", "1"))
OPERATORS = {
    "aurora": (ProviderRole.SERVICE_PROVIDER, "box-4k"),
    "fjordnet": (ProviderRole.NETWORK_OPERATOR, "5g-100"),
    "filmlyktan": (ProviderRole.CONTENT_PROVIDER, "anime"),
}


def _param(check: Check, rows: tuple[str, ...]) -> ParameterSet:
    marks = [pytest.mark.requirement(*rows)] if rows else []
    return pytest.param(check, marks=marks, id=getattr(check, "__name__", ""))


@pytest.mark.parametrize("slug", OPERATORS)
@pytest.mark.parametrize("check", [_param(check, rows) for check, rows in CHECKS.items()])
async def test_the_adapter_keeps_to_the_contract(check: Check, slug: str, tmp_path: Path) -> None:
    role, ref = OPERATORS[slug]
    async with (
        run_operators(tmp_path, (slug,), delivery_min_s=0.2, delivery_max_s=0.2) as urls,
        connected(urls[slug], a_profile(slug, role)) as provider,
    ):
        await check(Subject(provider, ref, PLACE, "gw-7f3a"))


def test_the_adapter_is_found_by_its_entry_point() -> None:
    from gateway.federation.registry import installed_adapters

    assert installed_adapters()["tmforum"] is connect
