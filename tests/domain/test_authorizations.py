"""What an authorization covers, and when: each condition at its edges."""

from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest

from gateway.domain.authorizations import (
    Authorization,
    AuthorizationScope,
    Conditions,
    EverythingScope,
    Hours,
    OfferingScope,
    ProductScope,
    Rights,
    SelfServiceFunction,
    Thing,
    Weekday,
    rights_of,
)
from gateway.domain.money import Money
from tests.clock import NOON

SECOND, DAY = timedelta(seconds=1), timedelta(days=1)
SEE, TEST = SelfServiceFunction.SEE_ORDERS, SelfServiceFunction.TEST
FIBRE = Thing("nord", frozenset({"fibre", "access"}), "p-1")
NEW_FILM = Thing("filmhaus", frozenset({"film"}))


def granted(scope: AuthorizationScope | None = None, **given: Any) -> Authorization:
    values: Mapping[str, Any] = {"valid_from": NOON - DAY, **given}
    return Authorization("a-1", (SEE,), scope or EverythingScope(), **values)


@pytest.mark.parametrize(
    ("scope", "covered"),
    [
        (EverythingScope(), (True, True)),
        (ProductScope(("p-1",)), (True, False)),
        (ProductScope(("p-2",)), (False, False)),
        (ProductScope(()), (False, False)),
        (OfferingScope(), (True, True)),
        (OfferingScope(category_slugs=("film",)), (False, True)),
        (OfferingScope(category_slugs=("access", "film")), (True, True)),
        (OfferingScope(provider_slugs=("nord",)), (True, False)),
        (OfferingScope(category_slugs=("film",), provider_slugs=("nord",)), (False, False)),
        (OfferingScope(category_slugs=("fibre",), provider_slugs=("nord", "filmhaus")), (True, False)),
    ],
)
def test_a_scope_covers_what_it_names_and_no_more(scope: AuthorizationScope, covered: tuple[bool, bool]) -> None:
    assert (FIBRE.is_in(scope), NEW_FILM.is_in(scope)) == covered
    rights = rights_of([granted(scope)], NOON)
    assert (rights.on(SEE, FIBRE), rights.on(SEE, NEW_FILM), rights.on(TEST, FIBRE)) == (*covered, False)


@pytest.mark.parametrize(
    ("at", "refusal"),
    [
        (NOON - SECOND, "AUTHORIZATION_NOT_YET_VALID"),
        (NOON, None),
        (NOON + DAY - SECOND, None),
        (NOON + DAY, "AUTHORIZATION_EXPIRED"),
    ],
)
def test_it_counts_from_its_beginning_to_just_before_its_end(at: datetime, refusal: str | None) -> None:
    held = granted(valid_from=NOON, valid_until=NOON + DAY)

    assert held.refusal(at) == refusal
    assert rights_of([held], at).refused == ({SEE: refusal} if refusal else {})
    assert (SEE in rights_of([held], at).everything) is (refusal is None)


WORK = Hours((Weekday.MONDAY, Weekday.TUESDAY), time(8), time(18))
NIGHT = Hours((Weekday.MONDAY,), time(22), time(6))


@pytest.mark.parametrize(
    ("hours", "zone", "at", "is_open"),
    [
        # 2 March 2026 is a Monday; Stockholm is an hour ahead of UTC.
        (WORK, "UTC", datetime(2026, 3, 2, 8, 0, tzinfo=UTC), True),
        (WORK, "UTC", datetime(2026, 3, 2, 7, 59, 59, tzinfo=UTC), False),
        (WORK, "UTC", datetime(2026, 3, 2, 17, 59, 59, tzinfo=UTC), True),
        (WORK, "UTC", datetime(2026, 3, 2, 18, 0, tzinfo=UTC), False),
        (WORK, "UTC", datetime(2026, 3, 4, 12, 0, tzinfo=UTC), False),
        (WORK, "Europe/Stockholm", datetime(2026, 3, 2, 7, 0, tzinfo=UTC), True),
        (WORK, "Europe/Stockholm", datetime(2026, 3, 2, 17, 0, tzinfo=UTC), False),
        (WORK, "Pacific/Auckland", datetime(2026, 3, 1, 20, 0, tzinfo=UTC), True),
        # In summer it is two.
        (WORK, "Europe/Stockholm", datetime(2026, 7, 6, 6, 0, tzinfo=UTC), True),
        (NIGHT, "UTC", datetime(2026, 3, 2, 21, 59, tzinfo=UTC), False),
        (NIGHT, "UTC", datetime(2026, 3, 2, 22, 0, tzinfo=UTC), True),
        (NIGHT, "UTC", datetime(2026, 3, 3, 5, 59, tzinfo=UTC), True),
        (NIGHT, "UTC", datetime(2026, 3, 3, 6, 0, tzinfo=UTC), False),
        (NIGHT, "UTC", datetime(2026, 3, 3, 23, 0, tzinfo=UTC), False),
        (NIGHT, "UTC", datetime(2026, 3, 2, 3, 0, tzinfo=UTC), False),
    ],
)
def test_hours_are_those_of_their_days_in_their_zone(hours: Hours, zone: str, at: datetime, is_open: bool) -> None:
    held = granted(conditions=Conditions(hours=hours, time_zone=zone))

    assert held.refusal(at) == (None if is_open else "OUTSIDE_HOURS")


@pytest.mark.parametrize(
    ("zone", "start", "end"),
    [
        ("UTC", datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC)),
        ("Europe/Stockholm", datetime(2026, 2, 28, 23, tzinfo=UTC), datetime(2026, 3, 31, 22, tzinfo=UTC)),
        ("Pacific/Auckland", datetime(2026, 2, 28, 11, tzinfo=UTC), datetime(2026, 3, 31, 11, tzinfo=UTC)),
    ],
)
def test_a_month_is_that_of_its_zone(zone: str, start: datetime, end: datetime) -> None:
    limited = Conditions(spending_limit_per_month=Money(Decimal(1), "SEK"), time_zone=zone)

    assert limited.month(NOON) == (start, end)


def test_the_clock_alone_changes_it_at_its_next_edge() -> None:
    hours = Conditions(hours=WORK)
    held = granted(valid_from=NOON + DAY, valid_until=NOON + 2 * DAY)

    found = [held.next_change(at) for at in (NOON, NOON + DAY, NOON + 2 * DAY)]
    # NOON is a Sunday.
    opens = granted(conditions=hours).next_change(NOON)

    assert found == [NOON + DAY, NOON + 2 * DAY, None]
    assert opens is not None
    assert opens - NOON <= DAY


def test_rights_include_others_that_are_no_wider() -> None:
    narrow, all_of_it = rights_of([granted(ProductScope(("p-1",)))], NOON), rights_of([granted()], NOON)

    assert [narrow.include(narrow), all_of_it.include(narrow), narrow.include(all_of_it)] == [True, True, False]
    assert [Rights().include(narrow), narrow.include(Rights())] == [False, True]
