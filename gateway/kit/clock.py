"""A clock for an adapter's own tests: it stands still until it is moved."""

from datetime import UTC, datetime, timedelta

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


class FakeClock:
    """Time by hand: `ProviderSettings(profile, options, now=clock.now)`, then `clock.advance(minutes=20)`."""

    def __init__(self, at: datetime = NOON) -> None:
        if at.tzinfo is None:
            raise ValueError("a moment without an offset")
        self.at = at

    def now(self) -> datetime:
        """The moment at which it stands."""
        return self.at

    def advance(self, **by: float) -> datetime:
        """Moves on by a timedelta's arguments, never back; the new moment."""
        step = timedelta(**by)
        if step < timedelta(0):
            raise ValueError("time goes on")
        self.at += step
        return self.at
