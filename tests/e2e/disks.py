"""Disks that get full, and get room again."""

import contextlib
import os
import resource
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.e2e.processes import Program

SIZE_MB = 16


@dataclass(frozen=True)
class SmallDisk:
    """A disk of its own, in memory: a file that takes all the room makes it full for everyone."""

    folder: Path

    def fill(self, _: Program | None = None) -> None:
        with (self.folder / "filler").open("wb", buffering=0) as filler, contextlib.suppress(OSError):
            while filler.write(bytes(4096)):
                pass

    def clear(self, _: Program | None = None) -> None:
        (self.folder / "filler").unlink()


@dataclass(frozen=True)
class Quota:
    """A limit that lets a process make no file longer than the shortest of its data's is."""

    folder: Path

    def fill(self, program: Program) -> None:
        resource.prlimit(program.pid, resource.RLIMIT_FSIZE, (1, resource.RLIM_INFINITY))

    def clear(self, program: Program) -> None:
        resource.prlimit(program.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


@contextlib.contextmanager
def small_disk(folder: Path) -> Iterator[SmallDisk]:
    """Skips where nobody may mount one."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={SIZE_MB}m", "tmpfs", str(folder)]
    if os.geteuid() or subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("a disk may be mounted by root alone")
    try:
        yield SmallDisk(folder)
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@contextlib.contextmanager
def quota(folder: Path) -> Iterator[Quota]:
    """Works for everyone."""
    folder.mkdir()
    yield Quota(folder)
