"""What a member may do: functions, on what, and under which conditions (the words are TMF672's)."""

from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from gateway.domain.money import Money


class SelfServiceFunction(StrEnum):
    """What an authorization can allow (ITU-T M.3345, 5.1 and 7.1; the words are TMF672's `privilege.function`)."""

    ORDER = "ORDER"
    CONFIGURE = "CONFIGURE"
    END = "END"
    RESTRICT = "RESTRICT"
    TEST = "TEST"
    REPORT = "REPORT"
    PAY = "PAY"
    SEE_ORDERS = "SEE_ORDERS"
    SEE_PRODUCTS = "SEE_PRODUCTS"
    SEE_BILLS = "SEE_BILLS"
    SEE_USAGE = "SEE_USAGE"
    SEE_NOTIFICATIONS = "SEE_NOTIFICATIONS"


CHANGES_NOTHING = frozenset(
    each for each in SelfServiceFunction if each in ("TEST", "REPORT") or each.startswith("SEE_")
)
"""What may be enabled for a service user, who changes nothing (R5)."""
OF_THE_WHOLE = frozenset(
    {SelfServiceFunction.SEE_BILLS, SelfServiceFunction.SEE_NOTIFICATIONS, SelfServiceFunction.PAY}
)
"""What is about the customer as a whole: a bill has lines of every product, so no narrower scope can hold these."""


@dataclass(frozen=True, slots=True)
class EverythingScope:
    """All products and offerings of the customer's providers."""

    includes_future_products: bool = True


@dataclass(frozen=True, slots=True)
class ProductScope:
    """Named products, by global id."""

    product_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OfferingScope:
    """Offerings of these categories (slugs) at these providers (slugs); an empty list stands for any.

    What is not held yet can be authorized too, and what was made of such an offering is in it.
    """

    category_slugs: tuple[str, ...] = ()
    provider_slugs: tuple[str, ...] = ()


AuthorizationScope = EverythingScope | ProductScope | OfferingScope


@dataclass(frozen=True, slots=True)
class Thing:
    """What a function is to be used on: a product, or an offering that is to become one."""

    provider: str
    categories: frozenset[str] = frozenset()
    product_id: str | None = None

    def is_in(self, scope: AuthorizationScope) -> bool:
        """Whether the scope covers it."""
        if isinstance(scope, ProductScope):
            return self.product_id in scope.product_ids
        if isinstance(scope, OfferingScope):
            is_sold_there = not scope.provider_slugs or self.provider in scope.provider_slugs
            return is_sold_there and (not scope.category_slugs or not self.categories.isdisjoint(scope.category_slugs))
        return True


class Weekday(StrEnum):
    """A day of the week; in the order of `datetime.weekday`."""

    MONDAY = "MONDAY"
    TUESDAY = "TUESDAY"
    WEDNESDAY = "WEDNESDAY"
    THURSDAY = "THURSDAY"
    FRIDAY = "FRIDAY"
    SATURDAY = "SATURDAY"
    SUNDAY = "SUNDAY"


_DAYS = tuple(Weekday)


@dataclass(frozen=True, slots=True)
class Hours:
    """From `opens` to `closes` on these days; past midnight, into the next day, where `closes` is not the later one."""

    weekdays: tuple[Weekday, ...]
    opens: time
    closes: time

    def holds(self, local: datetime) -> bool:
        """Whether that local time lies in it."""
        moment, today, yesterday = local.time(), _DAYS[local.weekday()], _DAYS[local.weekday() - 1]
        if self.opens < self.closes:
            return today in self.weekdays and self.opens <= moment < self.closes
        return (today in self.weekdays and moment >= self.opens) or (
            yesterday in self.weekdays and moment < self.closes
        )

    def edges(self, local: datetime) -> Iterator[datetime]:
        """When it opens and closes, in the days around that local time."""
        for days in range(-1, 9):
            day = (local + timedelta(days=days)).date()
            yield datetime.combine(day, self.opens, local.tzinfo)
            yield datetime.combine(day, self.closes, local.tzinfo)


@dataclass(frozen=True, slots=True)
class Conditions:
    """What bounds the use of an authorization. Hours and months are those of `time_zone` (an IANA name)."""

    spending_limit_per_order: Money | None = None
    spending_limit_per_month: Money | None = None
    hours: Hours | None = None
    time_zone: str = "UTC"

    @property
    def limits_spending(self) -> bool:
        """Whether an order must be counted."""
        return self.spending_limit_per_order is not None or self.spending_limit_per_month is not None

    def month(self, at: datetime) -> tuple[datetime, datetime]:
        """Beginning and end of the calendar month around that moment."""
        zone = ZoneInfo(self.time_zone)
        start = at.astimezone(zone).replace(day=1, hour=0, minute=0, second=0, microsecond=0, fold=0)
        following = (start + timedelta(days=32)).replace(day=1)
        return start, following

    def is_open(self, at: datetime) -> bool:
        """Whether the hours allow it at that moment."""
        return self.hours is None or self.hours.holds(at.astimezone(ZoneInfo(self.time_zone)))

    def next_edge(self, at: datetime) -> datetime | None:
        """When the hours next open or close; None without hours."""
        if self.hours is None:
            return None
        return min(edge for edge in self.hours.edges(at.astimezone(ZoneInfo(self.time_zone))) if edge > at)


UNBOUND = Conditions()


@dataclass(frozen=True, slots=True)
class Authorization:
    """Functions × scope × conditions, kept with the membership it belongs to."""

    id: str
    functions: tuple[SelfServiceFunction, ...]
    scope: AuthorizationScope
    valid_from: datetime
    valid_until: datetime | None = None
    conditions: Conditions = UNBOUND

    def refusal(self, at: datetime) -> str | None:
        """Why it does not count at that moment, as a code; None where it does."""
        if at < self.valid_from:
            return "AUTHORIZATION_NOT_YET_VALID"
        if self.valid_until is not None and self.valid_until <= at:
            return "AUTHORIZATION_EXPIRED"
        return None if self.conditions.is_open(at) else "OUTSIDE_HOURS"

    def next_change(self, at: datetime) -> datetime | None:
        """When that answer may next be another; None for never."""
        moments = (self.valid_from, self.valid_until, self.conditions.next_edge(at))
        return min((each for each in moments if each is not None and each > at), default=None)


@dataclass(frozen=True, slots=True)
class EnabledFunction:
    """One function that a member enabled for a service user; it counts as long as the enabler's own right does.

    `product_id` None: on everything.
    """

    id: str
    function: SelfServiceFunction
    product_id: str | None
    enabled_by: str
    enabled_at: datetime

    @property
    def scope(self) -> AuthorizationScope:
        """What it is about."""
        return EverythingScope() if self.product_id is None else ProductScope((self.product_id,))


@dataclass(frozen=True, slots=True)
class Rights:
    """What a member may do at one moment, worked out once so that each decision is a look-up.

    `everything`: functions on all there is. `scoped`: narrower ones. `refused`: functions that were granted, but do not
    count just now, with the code that says why. `ordering`: the authorizations in force under which the member orders.
    `changes_at`: when the clock alone makes them others.
    """

    everything: frozenset[SelfServiceFunction] = frozenset()
    scoped: Mapping[SelfServiceFunction, tuple[AuthorizationScope, ...]] = field(default_factory=dict)
    refused: Mapping[SelfServiceFunction, str] = field(default_factory=dict)
    ordering: tuple[Authorization, ...] = ()
    changes_at: datetime | None = None

    def on_anything(self, function: SelfServiceFunction) -> bool:
        """Whether it is held for something at least."""
        return function in self.everything or function in self.scoped

    def was_granted(self, function: SelfServiceFunction) -> bool:
        """Whether it is held for something, or would be if it counted just now."""
        return self.on_anything(function) or function in self.refused

    def on(self, function: SelfServiceFunction, thing: Thing) -> bool:
        """Whether it is held for that thing."""
        return function in self.everything or any(thing.is_in(scope) for scope in self.scoped.get(function, ()))

    def include(self, others: "Rights") -> bool:
        """Whether they allow all that the others do."""
        return others.everything <= self.everything and all(
            function in self.everything or set(scopes) <= set(self.scoped.get(function, ()))
            for function, scopes in others.scoped.items()
        )

    @property
    def key(self) -> Hashable:
        """Equal for rights that allow the same."""
        return self.everything, frozenset((name, frozenset(scopes)) for name, scopes in self.scoped.items())


ALL_RIGHTS = Rights(frozenset(SelfServiceFunction))
"""A manager's."""


def rights_of(authorizations: Iterable[Authorization], at: datetime | None) -> Rights:
    """An authorized user's at that moment; with None, those of all the authorizations, whenever they count."""
    everything: set[SelfServiceFunction] = set()
    scoped: dict[SelfServiceFunction, tuple[AuthorizationScope, ...]] = {}
    refused: dict[SelfServiceFunction, str] = {}
    ordering: list[Authorization] = []
    changes: list[datetime] = []
    for each in authorizations:
        refusal = each.refusal(at) if at else None
        if at and (change := each.next_change(at)):
            changes.append(change)
        if refusal:
            refused.update(dict.fromkeys(each.functions, refusal))
            continue
        ordering += [each] if SelfServiceFunction.ORDER in each.functions else []
        if isinstance(each.scope, EverythingScope):
            everything.update(each.functions)
            continue
        for function in each.functions:
            scoped[function] = (*scoped.get(function, ()), each.scope)
    return Rights(frozenset(everything), scoped, refused, tuple(ordering), min(changes, default=None))


def enabled_rights(enabled: Iterable[EnabledFunction], changes_at: datetime | None) -> Rights:
    """A service user's, of what still counts."""
    everything: set[SelfServiceFunction] = set()
    scoped: dict[SelfServiceFunction, tuple[AuthorizationScope, ...]] = {}
    for each in enabled:
        if each.product_id is None:
            everything.add(each.function)
        else:
            scoped[each.function] = (*scoped.get(each.function, ()), each.scope)
    return Rights(frozenset(everything), scoped, changes_at=changes_at)
