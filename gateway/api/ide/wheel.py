"""What the build of a wheel does first, and nothing else does: it builds the page's assets, by npm."""

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

FOLDER = Path("gateway", "api", "ide")
DEMAND = "BUILD_IDE"
COMMANDS = (("ci", "--ignore-scripts", "--no-audit", "--no-fund"), ("run", "build"))


class Assets(BuildHookInterface):
    """Without npm the wheel has what an earlier build left, or nothing: its page then takes the packages from a CDN.

    With `BUILD_IDE=1` it has assets of this build, or there is no wheel.
    """

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Builds them, but for an editable installation.

        Raises: RuntimeError where they are demanded and can't be built.
        """
        if version == "editable":
            return
        problem = self._problem()
        if problem and os.environ.get(DEMAND) == "1":
            raise RuntimeError(problem)
        if problem:
            self.app.display_warning(problem)

    def _problem(self) -> str | None:
        npm = shutil.which("npm")
        if npm is None:
            return "no npm: the page for a browser is not built"
        for command in COMMANDS:
            done = subprocess.run([npm, *command], cwd=Path(self.root) / FOLDER, check=False)  # noqa: S603
            if done.returncode != 0:
                return f"npm {' '.join(command)} ended with {done.returncode}: the page for a browser is not built"
        return None
