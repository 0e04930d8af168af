"""By which authorization an order is placed, and whether that one's limits leave room for it."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from gateway.domain.authorizations import Authorization, Conditions, SelfServiceFunction, Thing
from gateway.domain.errors import Problem, RequestError
from gateway.domain.money import Money, total
from gateway.domain.ordering.pricing import Line
from gateway.domain.parties import Caller
from gateway.ports import UnitOfWork
from gateway.usecases import policy

_PATH = ("bundleId",)


def cost_of(lines: Sequence[Line]) -> Money | None:
    """What is charged once and for the first period, tax included as far as it is known; None in mixed currencies."""
    return total(line.taken(is_tax_included=True) for line in lines)


async def authorization_for(
    unit: UnitOfWork, caller: Caller, customer_id: str, things: Sequence[Thing], lines: Sequence[Line], now: datetime
) -> Authorization | None:
    """The authorization to order these things under; None for a manager, who needs none.

    One authorization has to cover the whole order. One without limits comes first; then the one whose validity began
    first and whose limits leave room. It is held until the transaction ends, so that of two orders at once the second
    one is counted with the first. `caller` has the rights of this transaction.
    Raises: RequestError with a refusal's codes, SPENDING_LIMIT_EXCEEDED, CURRENCY_MISMATCH at `bundleId`.
    """
    if policy.manages(caller, customer_id):
        return None
    found = policy.rights(caller, customer_id).ordering
    covering = [each for each in found if all(thing.is_in(each.scope) for thing in things)]
    problems: list[Problem] = []
    for each in sorted(covering, key=lambda one: one.conditions.limits_spending):
        kept = await unit.authorizations.get(each.id, lock=True)
        if kept is None or kept.revoked_at is not None or kept.authorization.refusal(now):
            continue
        problem = await _over_a_limit(unit, kept.authorization, lines, now)
        if problem is None:
            return kept.authorization
        problems.append(problem)
    if problems:
        raise RequestError(problems[0])
    raise RequestError.at(policy.refusal(caller, customer_id, SelfServiceFunction.ORDER), *_PATH)


async def _over_a_limit(
    unit: UnitOfWork, authorization: Authorization, lines: Sequence[Line], now: datetime
) -> Problem | None:
    conditions = authorization.conditions
    currency = _currency(conditions)
    if currency is None:
        return None
    cost = cost_of(lines) if lines else Money(Decimal(0), currency)
    if cost is None or cost.currency != currency:
        return Problem("CURRENCY_MISMATCH", _PATH, {"currency": currency})
    per_order, per_month = conditions.spending_limit_per_order, conditions.spending_limit_per_month
    if per_order is not None and cost.amount > per_order.amount:
        return _exceeded("ORDER", per_order, per_order, cost, None)
    if per_month is None:
        return None
    start, end = conditions.month(now)
    spent = await unit.authorizations.spent(authorization.id, start, end)
    used = sum((each.amount for each in spent if each.currency == currency), Decimal(0))
    left = Money(max(per_month.amount - used, Decimal(0)), currency)
    return _exceeded("MONTH", per_month, left, cost, end) if cost.amount > left.amount else None


def _currency(conditions: Conditions) -> str | None:
    limit = conditions.spending_limit_per_order or conditions.spending_limit_per_month
    return limit.currency if limit else None


def _exceeded(kind: str, limit: Money, left: Money, cost: Money, resets: datetime | None) -> Problem:
    params = {"variant": kind, "limit": _told(limit), "left": _told(left), "cost": _told(cost)}
    return Problem("SPENDING_LIMIT_EXCEEDED", _PATH, params | ({"resets": resets.isoformat()} if resets else {}))


def _told(money: Money) -> str:
    return f"{money.in_full().amount:f} {money.currency}"
