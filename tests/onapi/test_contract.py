"""The adapter keeps to the contract, as every other one."""

from pathlib import Path

import pytest
from _pytest.mark import ParameterSet

from providers.onapi import connect
from tests.onapi.calls import a_network
from tests.onapi.connecting import a_place, settings_of
from tests.tmforum.conformance import CHECKS, Check, Subject

# The API has neither.
LACKING = {"bills_and_charges_belong_to_the_party", "registering_twice_and_taking_it_back_twice_is_harmless"}


def _param(check: Check, rows: tuple[str, ...]) -> ParameterSet:
    marks = [pytest.mark.requirement(*rows)] if rows else []
    return pytest.param(check, marks=marks, id=getattr(check, "__name__", ""))


CHOSEN = [_param(check, rows) for check, rows in CHECKS.items() if getattr(check, "__name__", "") not in LACKING]


@pytest.mark.parametrize("check", CHOSEN)
async def test_the_adapter_keeps_to_the_contract(check: Check, tmp_path: Path) -> None:
    async with (
        a_network(tmp_path, delivery_min_s=0.2, delivery_max_s=0.2) as network,
        connect(settings_of(network.url)) as provider,
    ):
        await check(Subject(provider, "BB-100-100", a_place(), "gw-7f3a"))


async def test_what_the_api_has_not_is_lacking(tmp_path: Path) -> None:
    async with connect(settings_of("http://127.0.0.1:9")) as provider:
        assert provider.capabilities == ("catalog", "qualification", "ordering", "inventory", "polled_events")


def test_the_adapter_is_found_by_its_entry_point() -> None:
    from gateway.federation.registry import installed_adapters

    assert installed_adapters()["on-api"] is connect
