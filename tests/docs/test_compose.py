"""The file for containers says what the project is."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]


def _service() -> dict[str, Any]:
    services: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))["services"]
    return dict(services["gateway"])


def test_what_it_copies_is_there() -> None:
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", _service()["build"]["dockerfile_inline"], re.MULTILINE)

    names = [name for line in copied for name in line.split()]
    assert {"gateway", "providers", "pyproject.toml", "constraints.txt"} <= set(names)
    assert [name for name in names if not (ROOT / name).exists()] == []


def test_the_command_it_starts_is_one_that_there_is() -> None:
    (given,) = re.findall(r"^CMD (\[.+\])$", _service()["build"]["dockerfile_inline"], re.MULTILINE)
    program, *arguments = yaml.safe_load(given)
    assert program == "gateway"

    done = subprocess.run([sys.executable, "-m", "gateway", *arguments, "--help"], capture_output=True, check=False)

    assert done.returncode == 0, done.stderr
