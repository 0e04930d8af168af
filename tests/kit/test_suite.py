"""A run of the suite tells what it did not do, and is no pass when something was left out."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from gateway.contract import Provider, ProviderSettings
from gateway.kit.conformance.plugin import _opened
from gateway.kit.conformance.suite import CHECKS
from tests.federation.scripted import Scripted
from tests.kit.conforming import conform
from tests.kit.test_conformance import simulated

OVERRIDING = """
import pytest

@pytest.fixture
def each():
    return None

def pytest_collection_modifyitems(items, config):
    kept = [item for item in items if "catalog.ids" in item.name or "catalog.dates" in item.name]
    config.hook.pytest_deselected(items=[item for item in items if item not in kept][:5])
    items[:] = kept
"""


async def test_checks_that_somebody_takes_out_are_told_and_make_the_run_no_pass(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text(OVERRIDING, "utf-8")
    deviations = {"catalog.ids": "their catalogue has other roles"}
    settings = simulated("fjordnet", "NETWORK_OPERATOR", "5g-100", deviations=deviations)
    async with settings(tmp_path / "provider") as given:
        run = await conform("tmforum", {**given, "roles": ["CONTENT_PROVIDER", "SERVICE_PROVIDER"]}, tmp_path)

    assert run.status == 1
    left_out = len(CHECKS) - 2
    assert run.closing == (
        f"conformance: NO PASS: 2 run, 1 failed, 0 deviating, 0 lacking, {left_out} not run (5 deselected)"
    )
    assert run.results["catalog.dates"] == "PASSED"
    assert run.results["catalog.ids"] == "FAILED"
    assert run.results["ordering.once"] == "NOT_RUN"


PROVIDER = "slug: a\nname: A\nroles: [CONTENT_PROVIDER]\nconformance: "


@pytest.mark.parametrize(
    ("adapter", "text", "line"),
    [
        ("tmforu", "{}", "no adapter 'tmforu' .installed: .*tmforum"),
        ("tmforum", "{}", "slug: Field required"),
        ("tmforum", PROVIDER + "{page: 1}", "conformance.page: Extra"),
        (
            "tmforum",
            PROVIDER + "{deviations: {catalog.idz: they never had them}}",
            "conformance.deviations: there is no check catalog.idz",
        ),
        (
            "tmforum",
            PROVIDER + "{deviations: {catalog.ids: no}}",
            "conformance.deviations.catalog.ids: ",
        ),
        ("tmforum", None, "provider.yaml: No such file"),
        (
            "tmforum",
            PROVIDER + "{}\nsettings: {url: 'http://127.0.0.1:9', page: 2}",
            "provider.yaml: the adapter 'tmforum' refuses its settings: provider 'a', option page: ",
        ),
    ],
)
def test_what_is_declared_wrongly_is_told_before_anything_runs(
    adapter: str, text: str | None, line: str, tmp_path: Path
) -> None:
    if text is not None:
        (tmp_path / "provider.yaml").write_text(text, "utf-8")

    with pytest.raises(pytest.UsageError, match=line):
        _opened(adapter, tmp_path / "provider.yaml")


async def test_an_adapter_that_gives_no_context_manager_is_told_so_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def connect(settings: ProviderSettings) -> AsyncIterator[Provider]:
        yield Scripted(settings.profile.slug).provider()

    monkeypatch.setattr("gateway.federation.adapters.installed_adapters", lambda: {"bare": connect})
    (tmp_path / "provider.yaml").write_text(PROVIDER + "{}", "utf-8")

    with pytest.raises(pytest.UsageError, match=r"'bare': connect gives no async context manager .*: async_generator"):
        await asyncio.to_thread(_opened, "bare", tmp_path / "provider.yaml")


@pytest.mark.parametrize(
    ("declared", "said"),
    [
        ({"offering": "5g-99"}, "conformance.offering: the catalogue has no offering of that reference: 5g-99"),
        ({"secrets": ["credentials.token"]}, "the adapter refuses what conformance.secrets names: credentials.token"),
        ({"values": {"colour": ["red"]}}, "conformance.values: the offering's form has no such field: colour"),
    ],
)
async def test_what_is_declared_and_not_there_is_told_rather_than_tried(
    declared: Mapping[str, Any], said: str, tmp_path: Path
) -> None:
    settings = simulated("fjordnet", "NETWORK_OPERATOR", **{"offering": "5g-100", **declared})
    async with settings(tmp_path / "provider") as given:
        run = await conform("tmforum", given, tmp_path, "-k", "ordering.once or credentials.unlogged")

    assert "FAILED" in {run.results["ordering.once"], run.results["credentials.unlogged"]}
    assert said in run.printed
