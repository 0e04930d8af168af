"""What a real Chromium shows of the page: scripts that Node runs, and what they print."""

import asyncio
import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
PROJECT = HERE.parents[1] / "gateway" / "api" / "ide"
LIMIT_S = 100.0


def _needs(tools: list[str], files: list[str]) -> pytest.MarkDecorator:
    """Skips where something is missing. With CI=true it must be there, and nothing is skipped."""
    missing = [name for name in tools if not shutil.which(name)]
    missing += [name for name in files if not (PROJECT / name).exists()]
    is_skipped = bool(missing) and os.environ.get("CI") != "true"
    return pytest.mark.skipif(is_skipped, reason=f"needs {', '.join(missing)}")


with_node = _needs(["node"], ["node_modules/esbuild"])
with_chromium = _needs(["node", "chromium"], ["node_modules/playwright-core", "assets/manifest.json"])


async def played(script: str, *arguments: str) -> Any:
    """What the script prints, as JSON; it ends with status 0."""
    chromium = shutil.which("chromium") or "chromium"
    command = ("node", str(HERE / script), chromium, *arguments)
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    try:
        printed, complaint = await asyncio.wait_for(process.communicate(), LIMIT_S)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode == 0, complaint.decode()
    return json.loads(printed)
