"""The domain is plain Python."""

import ast
import sys
from pathlib import Path


def _imported(source: str) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names.add(node.module)
    return names


def test_the_domain_imports_the_standard_library_and_itself_alone(root_dir: Path) -> None:
    files = sorted((root_dir / "gateway" / "domain").rglob("*.py"))
    assert files

    strangers = {
        (str(file.relative_to(root_dir)), name)
        for file in files
        for name in _imported(file.read_text("utf-8"))
        if name.partition(".")[0] not in sys.stdlib_module_names and not f"{name}.".startswith("gateway.domain.")
    }

    assert strangers == set()
