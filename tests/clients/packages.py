"""Node, the clients' packages, and the programs that use them."""

import fcntl
import os
import shutil
import subprocess
from pathlib import Path

import pytest

CLIENTS = Path(__file__).parent
TYPED = CLIENTS / "typed"
INSTALLATION_LIMIT_S = 240
PROGRAM_LIMIT_S = 100


def require_node() -> None:
    """Without Node and npm the test fails with CI=true and is skipped without."""
    if shutil.which("node") and shutil.which("npm"):
        return
    message = "no node and npm on the path"
    if os.environ.get("CI") == "true":
        pytest.fail(message)
    pytest.skip(message)


def install(folder: Path) -> None:
    """What the folder's lock file says, unless it is there already; one process at a time."""
    require_node()
    lock = folder / "package-lock.json"
    # npm writes it when all the rest is there.
    installed = folder / "node_modules" / ".package-lock.json"
    with lock.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        if not installed.is_file() or installed.stat().st_mtime < lock.stat().st_mtime:
            run(folder, "npm", "ci", "--no-audit", "--no-fund", within_s=INSTALLATION_LIMIT_S)


def run(folder: Path, *command: str, within_s: float = PROGRAM_LIMIT_S) -> str:
    """What the command writes in that folder; it ends with status 0."""
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=within_s, check=False)
    assert done.returncode == 0, f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout}{done.stderr}"
    return done.stdout
