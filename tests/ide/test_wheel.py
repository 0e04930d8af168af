"""A wheel brings the page for a browser, built from the pinned packages."""

import json
import os
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NEEDED = ("uv", "npm")
FOLDERS = ("gateway", "providers", "tests/contract")


@pytest.mark.timeout(300)
@pytest.mark.skipif(
    not all(map(shutil.which, NEEDED)) and os.environ.get("CI") != "true", reason=f"needs {' and '.join(NEEDED)}"
)
def test_a_wheel_has_the_page_and_nothing_that_built_it(tmp_path: Path) -> None:
    source = tmp_path / "source"
    for folder in FOLDERS:
        shutil.copytree(ROOT / folder, source / folder, ignore=shutil.ignore_patterns("node_modules", "assets"))
    for name in ("pyproject.toml", "README.md", ".gitignore"):
        shutil.copy(ROOT / name, source / name)

    command = ["uv", "build", "--quiet", "--wheel", "--out-dir", str(tmp_path), str(source)]
    done = subprocess.run(command, env={**os.environ, "BUILD_IDE": "1"}, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        ide = "gateway/api/ide/"
        names = {name.removeprefix(ide) for name in archive.namelist() if name.startswith(ide)}
        manifest = json.loads(archive.read(f"{ide}assets/manifest.json"))
        operations = json.loads(archive.read(f"{ide}assets/operations.json"))
    assert {f"assets/{name}.gz" for name in manifest.values()} <= names
    assert operations["01-viewer.graphql"] == (ROOT / "tests" / "contract" / "01-viewer.graphql").read_text("utf-8")
    # A wheel that was built without npm has the packages from the CDN.
    assert {"page.py", "variables.json", "cdn.js", "cdn.json", "ide.mjs", "ide.css"} <= names
    assert names & {"package.json", "package-lock.json", "build.mjs", "hashes.mjs", "main.mjs", "wheel.py"} == set()
    assert not any("node_modules" in name for name in names)
