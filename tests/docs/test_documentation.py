"""A setting, a capability, an error or a code without documentation fails here."""

import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from graphql import GraphQLEnumType
from prometheus_client.metrics_core import Metric

from gateway.api.auth.problems import TEXTS
from gateway.api.operations.measuring import BOUNDS
from gateway.api.problems import Code
from gateway.api.schema.built import schema
from gateway.api.schema.weights import WEIGHTS, Weight
from gateway.api.telemetry.watching import Telemetry
from gateway.api.transports.connection import CloseCode
from gateway.contract.provider import CAPABILITIES, Provider
from gateway.domain import errors
from gateway.settings import Settings
from tests.docs.blocks import between, column
from tests.docs.settings_table import settings_table
from tests.docs.weights_table import weights_table

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
FRONTEND = ROOT / "docs" / "frontend.md"
TMFORUM = ROOT / "providers" / "tmforum"
ERRORS = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, errors.GatewayError)]
KINDS = schema._schema.type_map
CODES = {name: kind for name, kind in KINDS.items() if name.endswith("Code") and isinstance(kind, GraphQLEnumType)}


@pytest.mark.parametrize("name", Settings.model_fields)
def test_a_setting_says_what_it_is(name: str) -> None:
    description = Settings.model_fields[name].description or ""

    assert re.fullmatch(r"[A-Z].{10,}\.", description), f"{name} has no description"
    assert "|" not in description


def test_the_readme_has_the_settings_as_they_are() -> None:
    assert between(README, "settings") == settings_table(), "renew it by: python -m tests.docs.settings_table"


def test_the_readme_names_each_metric() -> None:
    telemetry = Telemetry()
    names = {name for family in telemetry.metrics.registry.collect() for name in _read_as(family)}

    assert column(README, "metric") == {name for name in names if name.startswith("gateway_")}


def _read_as(family: Metric) -> set[str]:
    return {f"{family.name}_total"} if family.type == "counter" else {family.name}


def test_the_frontends_page_has_the_weights_as_they_are() -> None:
    assert between(FRONTEND, "weights") == weights_table(), "renew it by: python -m tests.docs.weights_table"


def test_each_weight_says_what_it_is() -> None:
    assert list(WEIGHTS) == list(Weight)


def test_the_frontends_page_names_each_limit_with_its_setting() -> None:
    table = between(FRONTEND, "limits")
    named = dict(re.findall(r"^\| `(\w+)` \|.*\| (?:`GATEWAY_(\w+)`|–) \|$", table, re.MULTILINE))

    assert named.keys() == {bound.shown for bound in BOUNDS} | {"tokens", "cost"}
    assert {each.lower() for each in named.values() if each} <= Settings.model_fields.keys()


def _capabilities() -> Iterator[tuple[str, Any]]:
    """The provider's record: each capability and its Protocol."""
    hints = inspect.get_annotations(Provider, eval_str=True)
    for name in CAPABILITIES:
        yield name, next(kind for kind in get_args(hints[name]) if kind is not type(None))


@pytest.mark.parametrize(("name", "protocol"), list(_capabilities()))
def test_a_capability_says_what_it_promises(name: str, protocol: Any) -> None:
    methods = {key: each for key, each in vars(protocol).items() if inspect.isfunction(each) and key[0] != "_"}

    assert protocol.__doc__
    assert methods
    assert [key for key, each in methods.items() if not each.__doc__] == []
    # What it may raise is what its caller must be ready for.
    assert [key for key, each in methods.items() if "raise" not in (each.__doc__ or "").lower()] == []


def test_the_readme_names_each_capability() -> None:
    assert column(README, "capability") == {name for name, _ in _capabilities()}


@pytest.mark.parametrize("kind", ERRORS)
def test_an_error_is_in_the_picture_and_says_what_it_is(kind: type[Exception]) -> None:
    assert kind.__doc__
    assert re.search(rf"\b{kind.__name__}\b", errors.__doc__ or "")


def test_the_frontends_page_says_what_to_do_about_each_top_level_error() -> None:
    assert column(FRONTEND, "`extensions.code`") == set(Code)


@pytest.mark.parametrize("name", CODES)
def test_each_code_of_the_schema_says_what_it_means(name: str) -> None:
    assert CODES[name].description
    assert [value for value, each in CODES[name].values.items() if not (each.description or "").strip()] == []


@pytest.mark.parametrize("code", TEXTS)
def test_each_error_of_accounts_and_sessions_has_its_sentence(code: str) -> None:
    assert re.fullmatch(r"[A-Z].+\.", TEXTS[code])


def test_the_page_of_the_tmforum_adapter_names_each_of_its_settings() -> None:
    source = (TMFORUM / "options.py").read_text("utf-8")
    reads = r'(?:\bgiven\.(?:section|flag|texts?|number|required_text)\(|_one_of\(given, )"(\w+)"'
    read = set(re.findall(reads, source))

    assert column(TMFORUM / "README.md", "setting") >= read
    assert len(read) >= 13


def test_the_frontends_page_names_each_code_that_closes_a_connection() -> None:
    assert column(FRONTEND, "closed with") == {str(code.value) for code in CloseCode}
