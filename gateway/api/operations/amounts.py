"""Whole numbers that may depend on an operation's variables: what does not is a plain int, added up beforehand."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias

from gateway.domain import paging

Variables: TypeAlias = Mapping[str, Any]
Amount: TypeAlias = int | Callable[[Variables], int]

MOST_ROWS = paging.MAXIMUM_FIRST


def total(parts: Iterable[Amount]) -> Amount:
    """The sum."""
    constant, varying = _split(parts)
    constant_sum = sum(constant)
    if not varying:
        return constant_sum
    if len(varying) == 1 and not constant_sum:
        return varying[0]
    return lambda variables: constant_sum + sum(each(variables) for each in varying)


def times(size: Amount, each: Amount) -> Amount:
    """The product."""
    if isinstance(size, int):
        return _scaled(size, each)
    if isinstance(each, int):
        return _scaled(each, size)
    return lambda variables: size(variables) * each(variables)


def _scaled(factor: int, amount: Amount) -> Amount:
    if isinstance(amount, int):
        return factor * amount
    if factor == 0:
        return 0
    return amount if factor == 1 else lambda variables: factor * amount(variables)


def greatest(parts: Iterable[Amount]) -> Amount:
    """The greatest; 0 of none."""
    constant, varying = _split(parts)
    least = max(constant, default=0)
    if not varying:
        return least
    if len(varying) == 1 and not least:
        return varying[0]
    return lambda variables: max(least, *(each(variables) for each in varying))


def rows(value: Any, assumed: int) -> int:
    """How many rows a slicing argument of that value asks for; the most that there can be, for what is none."""
    if value is None:
        return assumed
    if isinstance(value, list):
        return min(len(value), MOST_ROWS)
    is_number = isinstance(value, int) and not isinstance(value, bool)
    return value if is_number and 1 <= value <= MOST_ROWS else MOST_ROWS


def rows_of_variable(name: str, keys: tuple[str, ...], default: Any, assumed: int) -> Amount:
    """As `rows`, of a variable, or what lies in it at the end of these keys."""

    def count(variables: Variables) -> int:
        value = variables.get(name, default)
        for key in keys:
            value = value.get(key) if isinstance(value, Mapping) else None
        return rows(value, assumed)

    return count


def _split(parts: Iterable[Amount]) -> tuple[list[int], list[Callable[[Variables], int]]]:
    constant: list[int] = []
    varying: list[Callable[[Variables], int]] = []
    for each in parts:
        if isinstance(each, int):
            constant.append(each)
        else:
            varying.append(each)
    return constant, varying
