"""Every adapter of ours passes the suite that others are asked to pass, against a provider that speaks its language."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from providers.simulator.serving import run_operators
from tests.kit.conforming import conform

SERVED = {"street": "Storgatan", "house_number": "1", "postcode": "11122", "city": "Stockholm", "country": "SE"}
UNSERVED = {**SERVED, "postcode": "98101", "city": "Kiruna"}

Settings = Callable[[Path], AbstractAsyncContextManager[Mapping[str, Any]]]


def simulated(slug: str, role: str, offering: str, version: str = "V4", **conformance: Any) -> Settings:
    """An operator of the simulator that is spoken to in that version, and what it can be asked for."""

    @asynccontextmanager
    async def settings(folder: Path) -> AsyncIterator[Mapping[str, Any]]:
        declared = {
            "changes": True, "offering": offering, "delivers_at": SERVED, "delivery_s": 10, "page_size": "page_size",
            "secrets": ["credentials.bearer_token"], **conformance,
            "state_fields": {"order": "state", "product": "status", "bill": "state"},
        }  # fmt: skip
        async with run_operators(folder, (slug,), delivery_min_s=0.2, delivery_max_s=0.2) as urls:
            yield {
                "slug": slug, "name": slug.title(), "roles": [role], "conformance": declared,
                "settings": {"url": urls[slug], "version": version},
            }  # fmt: skip

    return settings


@asynccontextmanager
async def open_network(folder: Path) -> AsyncIterator[Mapping[str, Any]]:
    """A network that speaks ON-API, and what it can be asked for."""
    declared = {
        "changes": True, "offering": "BB-100-100", "delivers_at": SERVED, "does_not_deliver_at": UNSERVED,
        "delivery_s": 10, "offerings": 5, "secrets": ["credentials.basic.password"],
        "state_fields": {"order": "state", "product": "operationalState"},
    }  # fmt: skip
    async with run_operators(folder, ("tornfors",), delivery_min_s=0.2, delivery_max_s=0.2) as urls:
        basic = {"username": "gateway", "password": "open sesame"}
        yield {
            "slug": "tornfors", "name": "Tornfors", "roles": ["NETWORK_OPERATOR"],
            "settings": {"url": urls["tornfors"], "credentials": {"basic": basic}}, "conformance": declared,
        }  # fmt: skip


# An adapter, a provider that it speaks to, and which checks have nothing to ask there.
PROVIDERS: Mapping[str, tuple[str, Settings, set[str]]] = {
    f"tmforum-{version}-{slug}": ("tmforum", simulated(slug, role, offering, version, **more), lacking)
    for version in ("V4", "V5")
    for slug, role, offering, more, lacking in (
        ("fjordnet", "NETWORK_OPERATOR", "5g-100", {"does_not_deliver_at": UNSERVED},
         {"polled_events.mark", "billing.unknown-state"}),
        ("aurora", "SERVICE_PROVIDER", "box-4k", {}, {"polled_events.mark", "qualification.places"}),
    )
} | {
    "on-api": (
        "on-api", open_network, {"billing.nobody", "billing.party", "billing.unknown-state", "events.registering"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", PROVIDERS)
async def test_the_adapter_passes_the_conformance_suite(name: str, tmp_path: Path) -> None:
    adapter, settings, lacking = PROVIDERS[name]
    async with settings(tmp_path / "provider") as given:
        # With several workers the closing summary is whole, too.
        run = await conform(adapter, given, tmp_path, *(("-n", "2") if name == "on-api" else ()))

    found = {result: {name for name, each in run.results.items() if each == result} for result in run.results.values()}
    assert found.pop("PASSED", set()) | lacking == set(run.results), run.printed
    assert found == {"LACKING": lacking}
    assert run.status == 0, run.printed
    assert " 0 failed, 0 deviating, " in run.closing
