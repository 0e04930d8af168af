"""The gateway as a program whose clock of day is set while it runs: it is as many seconds off as a file says."""

import os
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import time_machine

from gateway.__main__ import main

OFFSET_FILE = "CLOCK_OFFSET_FILE"


def set_clock(file: Path, by_s: float) -> None:
    """Sets the clock of the program that reads the file, and waits until it has."""
    file.with_suffix(".new").write_text(str(by_s))
    file.with_suffix(".new").rename(file)
    time.sleep(0.3)


def _offset_s(file: Path) -> float:
    return float(file.read_text()) if file.exists() else 0.0


def _follow(file: Path, clock: time_machine.Traveller, set_by_s: float) -> None:
    while True:
        offset_s = _offset_s(file)
        if offset_s != set_by_s:
            clock.shift(timedelta(seconds=offset_s - set_by_s))
            set_by_s = offset_s
        time.sleep(0.05)


if __name__ == "__main__":
    file = Path(os.environ[OFFSET_FILE])
    set_by_s = _offset_s(file)
    clock = time_machine.travel(datetime.now(UTC) + timedelta(seconds=set_by_s), tick=True).start()
    threading.Thread(target=_follow, args=(file, clock, set_by_s), daemon=True).start()
    main()
