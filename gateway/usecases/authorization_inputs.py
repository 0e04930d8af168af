"""What a manager asks to grant, and what can be wrong with it."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from functools import cache
from zoneinfo import available_timezones

from gateway.domain.authorizations import (
    OF_THE_WHOLE,
    UNBOUND,
    AuthorizationScope,
    Conditions,
    EverythingScope,
    Hours,
    OfferingScope,
    ProductScope,
    SelfServiceFunction,
    Weekday,
)
from gateway.domain.errors import Problem, RequestError
from gateway.domain.identity import own_key
from gateway.domain.money import Money
from gateway.usecases.core import Core

PRODUCTS_IN_SCOPE = 1000
OFFERINGS_IN_SCOPE = 100
PROBLEMS = 50  # of one list: those of two are the hundred that a payload tells at most
_DIGITS = 15
_CLOCK = re.compile(r"[0-9]{2}:[0-9]{2}")


@dataclass(frozen=True, slots=True)
class GivenScope:
    """Exactly one of the three is given: everything, products by id, or offerings by categories and provider ids."""

    everything: bool | None = None
    product_ids: tuple[str, ...] | None = None
    category_slugs: tuple[str, ...] | None = None
    provider_ids: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class GivenConditions:
    """`opens` and `closes` are texts such as 08:30; without them there are no hours."""

    per_order: Money | None = None
    per_month: Money | None = None
    weekdays: tuple[Weekday, ...] | None = None
    opens: str | None = None
    closes: str | None = None
    time_zone: str = "UTC"


@dataclass(frozen=True, slots=True)
class GrantAuthorization:
    """The input of `grantAuthorization`; valid from now on where `valid_from` is None."""

    customer_id: str | None
    actor_id: str
    functions: tuple[SelfServiceFunction, ...]
    scope: GivenScope
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    conditions: GivenConditions | None = None


@dataclass(frozen=True, slots=True)
class ChangeAuthorization:
    """The input of `changeAuthorization`; None leaves as it is. `conditions` are all of them anew."""

    authorization_id: str
    functions: tuple[SelfServiceFunction, ...] | None = None
    valid_until: datetime | None = None
    conditions: GivenConditions | None = None


@dataclass(frozen=True, slots=True)
class EnableFunction:
    """The input of `enableFunction` and `disableFunction`; on everything where `product_id` is None."""

    customer_id: str | None
    actor_id: str
    function: SelfServiceFunction
    product_id: str | None = None


def function_problems(functions: tuple[SelfServiceFunction, ...], scope: AuthorizationScope) -> Iterator[Problem]:
    """None at all, or what no narrower scope can hold."""
    if not functions:
        yield Problem("FUNCTIONS_MISSING", ("functions",))
    if not isinstance(scope, EverythingScope) and not OF_THE_WHOLE.isdisjoint(functions):
        whole = ", ".join(each for each in functions if each in OF_THE_WHOLE)
        yield Problem("NEEDS_EVERYTHING", ("functions",), {"functions": whole})


def period_problems(start: datetime, end: datetime | None, now: datetime) -> Iterator[Problem]:
    """An end that is not after the beginning, or lies in the past."""
    if end is not None and end <= max(start, now):
        yield Problem("INVALID_PERIOD", ("validUntil",))


def read_scope(core: Core, given: GivenScope) -> AuthorizationScope:
    """The scope. Whose the products are is still to be found out.

    Raises: RequestError EMPTY_SCOPE, TOO_MANY_VALUES, NOT_FOUND under `scope`.
    """
    if given.everything:
        return EverythingScope()
    if given.product_ids is not None:
        _check_number(given.product_ids, PRODUCTS_IN_SCOPE, "productIds")
        if not given.product_ids:
            raise RequestError.at("EMPTY_SCOPE", "scope", "productIds")
        return ProductScope(tuple(dict.fromkeys(given.product_ids)))
    categories, providers = given.category_slugs or (), given.provider_ids or ()
    if not categories and not providers:
        raise RequestError.at("EMPTY_SCOPE", "scope")
    _check_number(categories, OFFERINGS_IN_SCOPE, "offerings", "categories")
    _check_number(providers, OFFERINGS_IN_SCOPE, "offerings", "providerIds")
    known = {each.slug for offering in core.offerings.all() for each in offering.categories}
    slugs = [own_key("Provider", each) or "" for each in providers]
    missing = [
        *not_found([each in known for each in categories], "offerings", "categories"),
        *not_found([core.directory.profile(each) is not None for each in slugs], "offerings", "providerIds"),
    ]
    if missing:
        raise RequestError(*missing)
    return OfferingScope(tuple(dict.fromkeys(categories)), tuple(dict.fromkeys(slugs)))


def not_found(found: Sequence[bool], *path: str) -> list[Problem]:
    """A problem at each place of a list of the scope where nothing was found; the first `PROBLEMS` of them."""
    places = [place for place, is_there in enumerate(found) if not is_there]
    return [Problem("NOT_FOUND", ("scope", *path, str(place))) for place in places[:PROBLEMS]]


def _check_number(values: tuple[str, ...], maximum: int, *path: str) -> None:
    if len(values) > maximum:
        raise RequestError.at("TOO_MANY_VALUES", "scope", *path, maximum=str(maximum))


def read_conditions(given: GivenConditions | None) -> Conditions:
    """The conditions; none where nothing is given.

    Raises: RequestError INVALID_AMOUNT, CURRENCY_MISMATCH, UNKNOWN_TIME_ZONE, INVALID_HOURS under `conditions`.
    """
    if given is None:
        return UNBOUND
    problems = [*_limit_problems(given)]
    if not _is_time_zone(given.time_zone):
        problems.append(Problem("UNKNOWN_TIME_ZONE", ("conditions", "timeZone")))
    hours = _hours(given)
    if isinstance(hours, Problem):
        problems.append(hours)
    if problems or isinstance(hours, Problem):
        raise RequestError(*problems)
    return Conditions(given.per_order, given.per_month, hours, given.time_zone)


def _limit_problems(given: GivenConditions) -> Iterator[Problem]:
    limits = {"spendingLimitPerOrder": given.per_order, "spendingLimitPerMonth": given.per_month}
    for name, limit in limits.items():
        if limit is not None and not _is_amount(limit):
            yield Problem("INVALID_AMOUNT", ("conditions", name, "amount"))
    currencies = {limit.currency for limit in limits.values() if limit is not None}
    if given.per_order is not None and len(currencies) > 1:
        path = ("conditions", "spendingLimitPerMonth", "currency")
        yield Problem("CURRENCY_MISMATCH", path, {"currency": given.per_order.currency})


def _is_amount(limit: Money) -> bool:
    """More than nothing, and no finer than the currency's minor unit."""
    is_in_range = limit.amount > 0 and limit.amount.adjusted() < _DIGITS
    return is_in_range and limit.rounded().amount == limit.amount


def _is_time_zone(name: str) -> bool:
    return name in _zones()


@cache
def _zones() -> frozenset[str]:
    """Read from the disk once. `localtime` is another zone on each machine, and `Factory` stands for none."""
    return frozenset(available_timezones() - {"localtime", "Factory"})


def _hours(given: GivenConditions) -> Hours | Problem | None:
    if given.weekdays is None and given.opens is None and given.closes is None:
        return None
    opens, closes = _time(given.opens), _time(given.closes)
    if not given.weekdays:
        return Problem("INVALID_HOURS", ("conditions", "hours", "weekdays"))
    if opens is None:
        return Problem("INVALID_HOURS", ("conditions", "hours", "opens"))
    if closes is None or opens == closes:
        return Problem("INVALID_HOURS", ("conditions", "hours", "closes"))
    return Hours(tuple(each for each in Weekday if each in given.weekdays), opens, closes)


def _time(text: str | None) -> time | None:
    # ISO 8601 has more ways to write as much: 08-00 is eight o'clock in UTC, and can't be compared with a local time.
    if text is None or not _CLOCK.fullmatch(text):
        return None
    try:
        return time.fromisoformat(text)
    except ValueError:
        return None
