"""A command that is told to end while it starts ends with status 0, whatever it was doing."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import os, sys
from gateway.cli.interrupts import run_interruptible

def main():
    exec("os.kill(os.getpid(), {number}); [None for _ in range(1000)]")
    return 3

sys.exit(run_interruptible(main))
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_within_a_text_that_is_executed_ends_it_with_status_0(tmp_path: Path, number: signal.Signals) -> None:
    (tmp_path / "program.py").write_text(PROGRAM.format(number=int(number)), "utf-8")
    # As a module: it is then that Python ends by the signal itself.
    done = subprocess.run([sys.executable, "-m", "program"], cwd=tmp_path, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr) == (0, "")
