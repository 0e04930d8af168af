"""The file of providers: YAML, JSON or TOML, and errors that name entry and key."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from gateway.contract.provider import Limits
from gateway.domain.catalog.providers import ProviderRole
from gateway.federation.registry import ProviderSpec
from gateway.settings import SettingsError, providers_config, read_providers_file

FJORD = {
    "slug": "fjord",
    "name": "Fjord",
    "roles": ["NETWORK_OPERATOR"],
    "adapter": "tmforum",
    "settings": {"url": "http://127.0.0.1:9001"},
    "limits": {"read_timeout_s": 2},
}
RESALE = {"name": "Resale", "parties": ["operator", "fjord"], "valid_from": "2024-01-01T00:00:00Z"}
CONTENT = {"providers": [FJORD], "agreements": [RESALE]}

TOML = """
[[providers]]
slug = "fjord"
name = "Fjord"
roles = ["NETWORK_OPERATOR"]
adapter = "tmforum"
settings = { url = "http://127.0.0.1:9001" }
limits = { read_timeout_s = 2 }

[[agreements]]
name = "Resale"
parties = ["operator", "fjord"]
valid_from = 2024-01-01T00:00:00Z
"""


@pytest.mark.parametrize(
    ("name", "text"),
    [("p.yaml", yaml.safe_dump(CONTENT)), ("p.json", json.dumps(CONTENT)), ("p.toml", TOML)],
)
def test_the_three_formats_say_the_same(name: str, text: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_text(text)

    config = read_providers_file(path, Limits(read_tries=7))

    limits = Limits(read_timeout_s=2, read_tries=7)
    options = {"url": "http://127.0.0.1:9001"}
    roles = (ProviderRole.NETWORK_OPERATOR,)
    assert config.providers == (ProviderSpec("fjord", "Fjord", roles, "tmforum", options, limits),)
    (agreement,) = config.agreements
    assert agreement.parties == {"operator", "fjord"}
    assert agreement.valid_from == datetime(2024, 1, 1, tzinfo=UTC)


@pytest.mark.requirement("R6")
def test_an_agreement_keeps_its_id_and_another_has_another() -> None:
    def ids(*names: str) -> list[str]:
        agreements = [{**RESALE, "name": name} for name in names]
        return [each.id for each in providers_config({"providers": [FJORD], "agreements": agreements}).agreements]

    assert ids("One", "Two") == ids("One") + ids("Two")
    assert ids("One") != ids("Two")


def test_limits_are_a_providers_and_within_them_a_capabilitys() -> None:
    given = {"rate_per_s": 20, "capabilities": {"ordering": {"concurrency": 2, "breaker_failures": 3}}}

    (spec,) = providers_config({"providers": [{**FJORD, "limits": given}]}, Limits(read_tries=7)).providers

    assert spec.limits.of("catalog") == replace(spec.limits, rate_per_s=20, read_tries=7)
    ordering = Limits(read_tries=7, rate_per_s=20, concurrency=2, breaker_failures=3)
    assert spec.limits.of("ordering") == ordering


WRONG: list[tuple[Any, list[str]]] = [
    ([], ["should have keys and values"]),
    ({"provider": []}, ["provider: there is no such key"]),
    ({"providers": [{**FJORD, "roles": ["KING"]}]}, ["provider 'fjord': roles.0: input should be 'SERVICE_PROVIDER'"]),
    ({"providers": [{**FJORD, "limits": {"capabilities": {"cooking": {}}}}]}, [
        "provider 'fjord': limits.capabilities.cooking.[key]: should be one of catalog, qualification, ordering,"
    ]),
    ({"providers": [{**FJORD, "url": "x"}]}, ["provider 'fjord': url: there is no such key"]),
    ({"providers": [FJORD, FJORD]}, ["provider 'fjord': slug: is there twice"]),
    ({"providers": [{"name": "Nameless"}, 3]}, [
        "provider 'Nameless': slug: is missing",
        "provider 'Nameless': roles: is missing",
        "provider 'Nameless': adapter: is missing",
        "provider number 2: should have keys and values",
    ]),
    ({"providers": [{**FJORD, "limits": {"read_tries": 0}}]}, [
        "provider 'fjord': limits.read_tries: input should be greater than or equal to 1",
    ]),
    ({"agreements": [RESALE]}, ["agreement 'Resale': parties: there is no provider 'fjord'"]),
    ({"providers": [FJORD], "agreements": [{**RESALE, "valid_from": "2024-01-01T00:00:00"}]}, [
        "agreement 'Resale': valid_from: should have an offset, such as 2030-01-31T00:00:00Z",
    ]),
]  # fmt: skip


@pytest.mark.parametrize(("content", "lines"), WRONG)
def test_each_thing_wrong_names_the_entry_and_the_key(content: Any, lines: list[str]) -> None:
    with pytest.raises(SettingsError) as caught:
        providers_config(content)

    assert len(caught.value.lines) == len(lines)
    assert all(got.startswith(wanted) for got, wanted in zip(caught.value.lines, lines, strict=True))


def test_a_secret_is_in_no_error() -> None:
    with pytest.raises(SettingsError) as caught:
        providers_config({"providers": [{**FJORD, "settings": ["hidden"], "bearer": "hidden"}]})

    assert "hidden" not in str(caught.value)


def test_a_file_that_is_not_there_or_makes_no_sense_is_one_line(tmp_path: Path) -> None:
    broken = tmp_path / "broken.yaml"
    broken.write_text("providers: [\n")

    for path in (tmp_path / "none.yaml", broken):
        with pytest.raises(SettingsError) as caught:
            read_providers_file(path)
        (line,) = caught.value.lines
        assert line.startswith(f"{path}: ")
        assert "\n" not in line
