"""The pages about ON-API say what is so."""

import re
from pathlib import Path

from graphql import OperationDefinitionNode, parse, print_ast

from gateway.contract import ProviderSettings
from gateway.settings import read_providers_file
from providers.onapi.options import ServiceOptions, read_options
from tests.docs.blocks import blocks_of, column

ROOT = Path(__file__).parents[2]
PARTNERS = ROOT / "docs" / "partners.md"
ADAPTER = ROOT / "providers" / "onapi"


def test_the_entry_of_a_network_in_the_partners_page_is_read(tmp_path: Path) -> None:
    (block,) = [each for each in blocks_of(PARTNERS) if each.kind == "yaml" and "adapter: on-api" in each.text]
    (tmp_path / "providers.yaml").write_text(block.text, "utf-8")

    (spec,) = read_providers_file(tmp_path / "providers.yaml").providers
    options = read_options(ProviderSettings(spec.profile, spec.options))

    assert options.url == "http://127.0.0.1:9002/onapi/2.6"
    assert options.credentials.headers["Authorization"].startswith("Basic ")
    assert list(options.services or ()) == ["BB-100-100", "BB-1000-1000"]


def test_the_page_of_the_adapter_names_each_of_its_settings() -> None:
    source = (ADAPTER / "options.py").read_text("utf-8")
    read = set(re.findall(r'given(?:\.\w+\(|, )"(\w+)"', source))
    page = (ADAPTER / "README.md").read_text("utf-8")

    assert read >= column(ADAPTER / "README.md", "setting") - {"credentials"}
    assert {name for name in read if f"`{name}`" not in page} == set()
    assert {name for name in ServiceOptions.__dataclass_fields__ if f"`{name}`" not in page} == set()


def test_the_mutation_that_lets_a_network_join_is_the_contract_s_own() -> None:
    def body(path: Path) -> str:
        (definition,) = parse(path.read_text("utf-8")).definitions
        assert isinstance(definition, OperationDefinitionNode)
        return print_ast(definition.selection_set)

    ours = ROOT / "docs" / "register-on-api-provider.graphql"
    assert body(ours) == body(ROOT / "tests" / "contract" / "22-register-provider.graphql")
