"""Checked reading of an adapter's options: each error names the provider and the option, never its value."""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from gateway.contract.provider import InvalidOptions


class Options:
    """Reads options by name; `end` refuses those that nobody asked for, so that a typing error shows."""

    def __init__(self, values: Mapping[str, Any], owner: str, prefix: str = "") -> None:
        self._values = values
        self._owner = owner
        self._prefix = prefix
        self._asked: set[str] = set()

    def invalid(self, name: str, expected: str) -> InvalidOptions:
        """The error for that option."""
        option = self._prefix + name
        return InvalidOptions(f"provider {self._owner!r}, option {option}: {expected}", option, expected)

    def has(self, name: str) -> bool:
        """Whether it is given, if only as null."""
        return name in self._values

    def text(self, name: str, default: str | None = None) -> str | None:
        """A text. Raises: InvalidOptions."""
        value = self._get(name)
        if value is None:
            return default
        if not isinstance(value, str) or not value.strip():
            raise self.invalid(name, "a text is expected")
        return value.strip()

    def required_text(self, name: str) -> str:
        """A text that must be there. Raises: InvalidOptions."""
        value = self.text(name)
        if value is None:
            raise self.invalid(name, "is required")
        return value

    def flag(self, name: str, default: bool) -> bool:
        """True or false. Raises: InvalidOptions."""
        value = self._get(name)
        if value is not None and not isinstance(value, bool):
            raise self.invalid(name, "true or false is expected")
        return default if value is None else value

    def number(self, name: str, default: int, minimum: int, maximum: int) -> int:
        """A whole number within the limits. Raises: InvalidOptions."""
        value = self._get(name)
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, int) or not minimum <= value <= maximum:
            raise self.invalid(name, f"a whole number from {minimum} to {maximum} is expected")
        return value

    def decimal(self, name: str, default: Decimal | None = None) -> Decimal | None:
        """A number that is not negative, from a text too: `299`, `"299.20"`. Raises: InvalidOptions."""
        value = self._get(name)
        if value is None:
            return default
        try:
            found = Decimal(str(value)) if isinstance(value, int | float | str) else Decimal("NaN")
        except InvalidOperation:
            found = Decimal("NaN")
        if isinstance(value, bool) or not found.is_finite() or found < 0:
            raise self.invalid(name, "a number that is not negative is expected")
        return found

    def texts(self, name: str) -> Mapping[str, str]:
        """Texts by name; none without. Raises: InvalidOptions."""
        value = self._get(name)
        if value is None:
            return {}
        if not isinstance(value, Mapping) or not all(isinstance(e, str) for pair in value.items() for e in pair):
            raise self.invalid(name, "texts by name are expected")
        return dict(value)

    @property
    def names(self) -> tuple[str, ...]:
        """The names that are given: for options whose names the provider makes."""
        return tuple(str(name) for name in self._values)

    def section(self, name: str) -> "Options | None":
        """Options within options; None without. Raises: InvalidOptions."""
        value = self._get(name)
        if value is None:
            return None
        if not isinstance(value, Mapping):
            raise self.invalid(name, "options by name are expected")
        return Options(value, self._owner, f"{self._prefix}{name}.")

    def end(self) -> None:
        """Raises: InvalidOptions for an option that nobody has asked for."""
        unknown = sorted(str(name) for name in self._values if name not in self._asked)
        if unknown:
            known = ", ".join(sorted(self._asked))
            raise self.invalid(unknown[0], f"is not known (known: {known})")

    def _get(self, name: str) -> Any:
        self._asked.add(name)
        return self._values.get(name)
