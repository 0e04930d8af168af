"""A run of the suite tells what it did not do, and is no pass when something was left out."""

from pathlib import Path

import pytest

from gateway.kit.conformance.plugin import _opened
from gateway.kit.conformance.suite import CHECKS
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
    ],
)
def test_what_is_declared_wrongly_is_told_before_anything_runs(
    adapter: str, text: str | None, line: str, tmp_path: Path
) -> None:
    if text is not None:
        (tmp_path / "provider.yaml").write_text(text, "utf-8")

    with pytest.raises(pytest.UsageError, match=line):
        _opened(adapter, tmp_path / "provider.yaml")
