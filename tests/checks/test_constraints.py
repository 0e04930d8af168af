"""The two lists of exact versions are one."""

import re
import tomllib
from pathlib import Path


def test_pip_and_uv_are_held_to_the_same_versions(root_dir: Path) -> None:
    lines = (root_dir / "constraints.txt").read_text("utf-8").splitlines()
    project = tomllib.loads((root_dir / "pyproject.toml").read_text("utf-8"))

    for_pip = [line for line in lines if line and not line.startswith("#")]

    assert for_pip == project["tool"]["uv"]["constraint-dependencies"]


def test_each_version_is_exact(root_dir: Path) -> None:
    lines = (root_dir / "constraints.txt").read_text("utf-8").splitlines()

    loose = [line for line in lines if not re.fullmatch(r"#.*|[a-z0-9-]+==[0-9][0-9a-z.]*", line)]

    assert loose == []
