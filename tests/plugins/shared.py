"""Finds the material that lies beside the project: requirements, the consumer contract, TM Forum files."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def find_shared() -> Path | None:
    """The folder that `GATEWAY_SHARED` names, else the one beside the project, else None."""
    shared = Path(os.environ.get("GATEWAY_SHARED") or ROOT.parent / "shared")
    return shared if (shared / "requirements.md").is_file() else None


def require_shared() -> Path:
    """The shared folder; where there is none, the test fails with CI=true and is skipped without."""
    shared = find_shared()
    if shared is not None:
        return shared
    message = "no shared folder beside the project, and GATEWAY_SHARED names none"
    if os.environ.get("CI") == "true":
        pytest.fail(message)
    pytest.skip(message)


@pytest.fixture(scope="session")
def shared_dir() -> Path:
    """The shared folder, or no test."""
    return require_shared()


@pytest.fixture(scope="session")
def root_dir() -> Path:
    """The folder of the project."""
    return ROOT
