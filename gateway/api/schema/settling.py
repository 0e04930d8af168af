"""The one place where absent and null inputs become the same: the default, or None."""

import dataclasses
import functools
import inspect
from collections.abc import Callable
from typing import Any

from strawberry import UNSET

_OWN = frozenset({"self", "root", "info"})


def settled(value: Any) -> Any:
    """An argument with its defaults, through lists and input objects; which change in place."""
    if value is UNSET:
        return None
    if isinstance(value, list):
        return [settled(each) for each in value]
    if hasattr(value, "__strawberry_definition__") and dataclasses.is_dataclass(value):
        for each in dataclasses.fields(value):
            given = settled(getattr(value, each.name))
            setattr(value, each.name, _default(each) if given is None else given)
    return value


def _default(field: "dataclasses.Field[Any]") -> Any:
    return None if field.default in {dataclasses.MISSING, UNSET} else field.default


def settling(resolver: Callable[..., Any]) -> Callable[..., Any]:
    """The resolver, given settled arguments; itself where it takes none."""
    arguments = inspect.signature(resolver).parameters.keys() - _OWN
    if not arguments:
        return resolver

    @functools.wraps(resolver)
    def settle(*args: Any, **kwargs: Any) -> Any:
        own = {name: value for name, value in kwargs.items() if name in _OWN}
        return resolver(*args, **own, **{name: settled(kwargs.get(name, UNSET)) for name in arguments})

    return settle
