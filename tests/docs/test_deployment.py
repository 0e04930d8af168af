"""Each command of the page on deployment, typed as it stands."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.docs.blocks import blocks_of
from tests.docs.reader import ROOT, UV
from tests.e2e.processes import clean_environment

PAGE = ROOT / "docs" / "deployment.md"
COMMANDS = [block.text for block in blocks_of(PAGE) if block.kind == "sh"]


def _typed(desk: Path, command: str) -> "subprocess.CompletedProcess[str]":
    (desk / "bin").mkdir(exist_ok=True)
    (desk / "bin" / "uv").write_text(UV)
    (desk / "bin" / "uv").chmod(0o755)
    path = f"{desk / 'bin'}{os.pathsep}{os.environ['PATH']}"
    environment = clean_environment(PATH=path, GATEWAY_DATA=str(desk / "data"))
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", command],
        cwd=desk,
        env=environment,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


@pytest.mark.requirement("S5")
def test_its_commands_do_what_it_says(tmp_path: Path) -> None:
    settings, upgrade, backup = COMMANDS

    printed, upgraded, copied = (_typed(tmp_path, command) for command in (settings, upgrade, backup))

    assert "GATEWAY_PORT=8000" in printed.stdout
    assert upgraded.stdout == "the database is up to date\n"
    assert copied.stdout == "copied to backups/today: start from it by --data\n"
    assert (tmp_path / "backups" / "today" / "gateway.db").exists()
    assert [done.returncode for done in (printed, upgraded, copied)] == [0, 0, 0]
