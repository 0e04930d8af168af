"""A clock that stands still until a test moves it."""

from datetime import UTC, datetime, timedelta

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


class SettableClock:
    """Time by hand."""

    def __init__(self, at: datetime = NOON) -> None:
        self.at = at
        self.set_by_s = 0.0

    def now(self) -> datetime:
        return self.at

    def steady_s(self) -> float:
        return self.at.timestamp() - self.set_by_s

    def advance(self, **by: float) -> None:
        """Moves on by a timedelta's arguments: `advance(minutes=20)`."""
        self.at += timedelta(**by)

    def jump(self, **by: float) -> None:
        """As somebody sets the machine's clock, forward or back: no time has passed."""
        self.at += timedelta(**by)
        self.set_by_s += timedelta(**by).total_seconds()
