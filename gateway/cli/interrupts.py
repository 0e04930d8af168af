"""Ctrl-C and SIGTERM while a command still starts: it ends as cleanly as later on."""

import signal
import sys
from collections.abc import Callable
from types import FrameType
from typing import NoReturn


def run_interruptible(main: Callable[[], int]) -> int:
    """What it returns; told to end by a signal that nobody below took, the process ends with status 0."""
    numbers = [signal.SIGTERM]
    # In the background of a shell it is ignored, until the server listens to it.
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        numbers.append(signal.SIGINT)
    before = {number: signal.signal(number, _end) for number in numbers}
    try:
        return main()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _end(number: int, frame: FrameType | None) -> NoReturn:
    # No KeyboardInterrupt: python -m dies of SIGINT when one was raised within exec(), as of a dataclass that is made,
    # even where it was caught.
    sys.exit(0)
