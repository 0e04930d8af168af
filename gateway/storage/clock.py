"""The machine's clock."""

from datetime import UTC, datetime


class SystemClock:
    """The real time; the one place that reads it."""

    def now(self) -> datetime:
        """The present moment in UTC."""
        return datetime.now(UTC)
