"""The project's own documents, to start from: each is valid, and named on a page of the docs."""

from pathlib import Path

import pytest
from graphql import OperationDefinitionNode, parse, validate

from gateway.api.schema.built import schema

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted((ROOT / "tests" / "operations").glob("*.graphql"))


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.stem)
def test_a_document_is_one_valid_operation(path: Path) -> None:
    document = parse(path.read_text("utf-8"))

    assert validate(schema._schema, document) == []
    (operation,) = document.definitions
    assert isinstance(operation, OperationDefinitionNode)


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.stem)
def test_a_document_is_shown_in_the_docs(path: Path) -> None:
    pages = [page.read_text("utf-8") for page in (ROOT / "docs").glob("*.md")]

    assert any(f"tests/operations/{path.name}" in page for page in pages)


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.stem)
def test_a_document_is_named_by_a_test_that_runs_it(path: Path) -> None:
    others = [test for test in (ROOT / "tests").rglob("test_*.py") if test != Path(__file__)]
    shared = [ROOT / "tests/e2e/joining.py"]  # steps that several tests take

    assert any(f'"{path.stem}"' in test.read_text("utf-8") for test in (*others, *shared))
