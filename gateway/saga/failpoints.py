"""Points at which a crash test kills the process.

Each step before it begins, when its call was answered, and after it was stored.
"""

import os
import signal
from collections.abc import Callable

Reached = Callable[[str, str], None]
"""Told of each step and moment (`before`, `answered`, `after`)."""


def passing(step: str, moment: str) -> None:
    """Outside a crash test nothing happens."""


def killing(spec: str) -> Reached:
    """Kills this process (SIGKILL) at `step:moment`, such as `place:answered`."""

    def reached(step: str, moment: str) -> None:
        if spec == f"{step}:{moment}":
            os.kill(os.getpid(), signal.SIGKILL)

    return reached
