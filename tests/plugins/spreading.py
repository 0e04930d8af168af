"""Spreads a run of all tests over the machine's cores; `-n 0` does not, nor does a run of some of them."""

import os

import pytest
from xdist.scheduler import LoadScopeScheduling

# What takes longest begins first, so that no core is left waiting for it at the end.
_LONG = (
    "tests/clients",
    "tests/e2e/test_crash.py",
    "tests/ide",
    "tests/docs",
    "tests/e2e",
    "tests/simulator",
    "tests/api",
    "tests/saga",
)
# One worker has the whole folder: its tests share a server, or write to the same files.
_WHOLE = ("tests/clients", "tests/storage")
# Each test starts what it needs, for itself and for long.
_SINGLE = (
    "tests/e2e/test_crash.py",
    "tests/e2e/test_full_disk.py",
    "tests/e2e/test_processes.py",
    "tests/e2e/test_provider_faults.py",
    "tests/cluster/test_outages.py",
    "tests/cluster/test_takeover.py",
)


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> None:
    """Chooses before pytest-xdist reads what was chosen."""
    option = config.option
    is_whole = config.args_source is pytest.Config.ArgsSource.TESTPATHS and not (option.keyword or option.markexpr)
    is_watched = option.usepdb or option.capture == "no" or option.collectonly
    if is_whole and not is_watched and option.numprocesses is None and not hasattr(config, "workerinput"):
        option.numprocesses = "logical"


def pytest_xdist_auto_num_workers() -> int | None:
    """One more than there are cores, as tests also wait; the environment knows better."""
    return None if "PYTEST_XDIST_AUTO_NUM_WORKERS" in os.environ else (os.cpu_count() or 1) + 1


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> "Units":
    """However many workers there are, they take these units."""
    config.option.loadscopereorder = False
    return Units(config, log)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """A worker has the long ones first, and otherwise the order of the files."""
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: _rank(item.nodeid))


def _rank(nodeid: str) -> int:
    return next((rank for rank, path in enumerate(_LONG) if nodeid.startswith(path)), len(_LONG))


class Units(LoadScopeScheduling):
    """What one worker runs at a stretch: a file, or as told above."""

    def _split_scope(self, nodeid: str) -> str:
        file, _, _ = nodeid.partition("::")
        if file in _SINGLE:
            return nodeid
        return next((folder for folder in _WHOLE if file.startswith(folder)), file)
