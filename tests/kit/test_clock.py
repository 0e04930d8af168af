"""The clock for authors' tests stands still, and goes on only."""

from datetime import UTC, datetime, timedelta

import pytest

from gateway.kit import FakeClock


def test_it_stands_still_until_it_is_moved_and_never_goes_back() -> None:
    clock = FakeClock(datetime(2026, 3, 1, 12, 0, tzinfo=UTC))

    assert clock.now() == clock.now()
    assert clock.advance(minutes=20) == datetime(2026, 3, 1, 12, 20, tzinfo=UTC)
    with pytest.raises(ValueError, match="time goes on"):
        clock.advance(seconds=-1)
    assert clock.now().utcoffset() == timedelta(0)


def test_it_has_no_moment_without_an_offset() -> None:
    with pytest.raises(ValueError, match="offset"):
        FakeClock(datetime(2026, 3, 1))  # noqa: DTZ001
