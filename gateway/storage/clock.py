"""The machine's clock."""

import time
from datetime import UTC, datetime


def steady_s() -> float:
    """Seconds of a clock that also runs while the process, or the machine, is stopped, where there is one."""
    kind = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if kind is None else time.clock_gettime(kind)


class SystemClock:
    """The real time; the one place that reads it."""

    def now(self) -> datetime:
        """The present moment in UTC."""
        return datetime.now(UTC)

    def steady_s(self) -> float:
        """Seconds since some moment; whoever sets the machine's clock moves it not."""
        return steady_s()
