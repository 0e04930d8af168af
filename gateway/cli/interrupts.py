"""Ctrl-C and SIGTERM while a command still starts: it ends as cleanly as later on."""

import signal
from collections.abc import Callable
from types import FrameType


def run_interruptible(main: Callable[[], int]) -> int:
    """What it returns; 0 when it was told to end by a signal that nobody below took."""
    before = signal.signal(signal.SIGTERM, _interrupt)
    try:
        return main()
    except KeyboardInterrupt:
        return 0
    finally:
        signal.signal(signal.SIGTERM, before)


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt
