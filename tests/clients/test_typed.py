"""Types generated from the schema, and the lint of it, by the tools of frontend developers."""

import json
from pathlib import Path

import pytest

from tests.clients.packages import CLIENTS, TYPED, install, run

pytestmark = pytest.mark.timeout(300)
PROJECTS = (CLIENTS, TYPED)


@pytest.fixture(scope="module")
def typed() -> Path:
    """The folder, with its packages."""
    install(TYPED)
    return TYPED


def test_types_are_generated_from_the_contracts_documents_and_hold_in_a_frontend(typed: Path) -> None:
    run(typed, "npm", "run", "--silent", "codegen")
    run(typed, "npm", "run", "--silent", "check")

    persisted = json.loads((typed / "generated" / "persisted-documents.json").read_bytes())
    assert len(persisted) == 22


def test_the_schema_has_no_lint_but_what_is_declared_with_its_reason(typed: Path) -> None:
    assert run(typed, "npm", "run", "--silent", "lint") == ""


@pytest.mark.parametrize("project", PROJECTS, ids=lambda project: project.name)
def test_a_lock_file_names_no_address(project: Path) -> None:
    lock = (project / "package-lock.json").read_text("utf-8")

    assert "://" not in lock
    assert "resolved" not in lock


@pytest.mark.parametrize("project", PROJECTS, ids=lambda project: project.name)
def test_each_package_has_one_version(project: Path) -> None:
    packages = json.loads((project / "package.json").read_bytes())["dependencies"]

    assert {name: version for name, version in packages.items() if not version[0].isdecimal()} == {}
