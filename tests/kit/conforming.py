"""Runs the conformance suite as an author does: a command, in a folder that knows nothing of this repository."""

import asyncio
import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.e2e.processes import clean_environment


@dataclass(frozen=True)
class Run:
    """A run that has ended: its status, what it printed, and the result of each check."""

    status: int
    printed: str

    @property
    def results(self) -> Mapping[str, str]:
        """The result of each check, by name, from the closing summary."""
        _, _, summary = self.printed.partition("= conformance =")
        lines = (line.replace("NOT RUN", "NOT_RUN").split() for line in summary.splitlines())
        return {line[1]: line[0] for line in lines if len(line) > 1 and "." in line[1] and line[0].isupper()}

    @property
    def closing(self) -> str:
        """The line that sums it up."""
        (line,) = [each for each in self.printed.splitlines() if each.startswith("conformance: ")]
        return line


async def conform(adapter: str, settings: Mapping[str, Any], folder: Path, *arguments: str, **environment: str) -> Run:
    """The suite over that adapter, with these settings."""
    file = folder / "provider.json"
    file.write_text(json.dumps(settings), "utf-8")
    command = ["-m", "pytest", "--pyargs", "gateway.kit.conformance", "--adapter", adapter, "--settings", str(file)]
    process = await asyncio.create_subprocess_exec(
        sys.executable, *command, *arguments, cwd=folder, env=clean_environment(**environment),
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    printed, _ = await process.communicate()
    assert process.returncode is not None
    return Run(process.returncode, printed.decode())
