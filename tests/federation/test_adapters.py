"""An adapter that can't be loaded stops nobody who uses another, and says why to who uses it."""

import sys
from pathlib import Path

import pytest

from gateway.federation.adapters import installed_adapters
from gateway.federation.registry import ProviderSpec, UnknownAdapter, open_registry
from tests.federation.scripted import HandClock, Scripted


@pytest.fixture
def broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A package is installed that names three adapters, none of which can be loaded."""
    information = tmp_path / "gateway_broken-1.dist-info"
    information.mkdir()
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: gateway-broken\nVersion: 1\n", "utf-8")
    points = (
        "torn = broken_adapter.torn:connect\nnameless = broken_adapter.whole:conect\ntext = broken_adapter.whole:TEXT"
    )
    (information / "entry_points.txt").write_text(f"[gateway.adapters]\n{points}\n", "utf-8")
    package = tmp_path / "broken_adapter"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "torn.py").write_text("import gateway.contrct\n", "utf-8")
    (package / "whole.py").write_text("TEXT = 'connect'\n", "utf-8")
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])


@pytest.mark.usefixtures("broken")
def test_an_adapter_that_can_not_be_loaded_is_left_out_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    found = installed_adapters()

    assert {"on-api", "tmforum"} <= found.keys()
    assert not {"torn", "nameless", "text"} & found.keys()
    assert "adapter torn can't be loaded: ModuleNotFoundError" in caplog.messages


@pytest.mark.usefixtures("broken")
@pytest.mark.parametrize(
    ("adapter", "said"),
    [
        ("torn", "'torn' (broken_adapter.torn:connect) can't be loaded: ModuleNotFoundError: No module named 'gateway"),
        (
            "nameless",
            "'nameless' (broken_adapter.whole:conect) can't be loaded: AttributeError: module 'broken_adapter",
        ),
        ("text", "'text' (broken_adapter.whole:TEXT) can't be loaded: it is no function"),
    ],
)
async def test_a_provider_of_an_adapter_that_can_not_be_loaded_stops_the_start_with_the_reason(
    adapter: str, said: str
) -> None:
    spec = ProviderSpec("a", "A", Scripted("a").provider().profile.roles, adapter)

    with pytest.raises(UnknownAdapter) as refused:
        async with open_registry([spec], [], HandClock()):
            raise AssertionError("must not open")

    assert f"provider 'a': adapter {said}" in str(refused.value)
