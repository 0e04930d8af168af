"""The order form of a service: its characteristics, as the accesses list them. Source: ON-API 2.6, services."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gateway.contract import Choice, ChoiceConstraint, OrderField, TextConstraint
from providers.onapi.reading import Row, parts, text

# What the data formats know: its label, and whether there may be several.
LABELS = {
    "fixedIp": "Fixed IP address",
    "ipAddress": "IP addresses",
    "ipAddresses": "IP addresses",
    "SLA": "Service level",
}
LISTS = frozenset({"ipAddress", "ipAddresses"})
MOST_VALUES = 16
# Of one form, and of one field to choose from: more is no form that anybody fills in.
FIELDS, CHOICES = 50, 500
TEXT_LIMIT = 255


@dataclass(slots=True)
class _Characteristic:
    is_required: bool = False
    values: dict[str, None] = field(default_factory=dict)


class FormBook:
    """The forms of all services; what one access adds to a form is in it for all, as the catalogue knows no places."""

    def __init__(self) -> None:
        self._forms: dict[str, dict[str, _Characteristic]] = {}

    def take(self, row: Row) -> None:
        """Reads the services of one access."""
        for service in parts(row, "services"):
            name, form = text(service, "service"), service.get("characteristics")
            if name is not None and isinstance(form, dict):
                for key, described in form.items():
                    if isinstance(described, dict):
                        self._add(name, str(key), described)

    def fields(self, service: str) -> tuple[OrderField, ...]:
        """The form, in the order in which its fields were seen."""
        return tuple(_field(key, each) for key, each in self._forms.get(service, {}).items())

    def _add(self, service: str, key: str, described: Row) -> None:
        form = self._forms.setdefault(service, {})
        if key not in form and len(form) >= FIELDS:
            return
        known = form.setdefault(key, _Characteristic())
        known.is_required = known.is_required or described.get("required") is True
        # The API calls it `validValues` in its text, and `values` in its example.
        listed = described.get("validValues") or described.get("values")
        for value in listed[:CHOICES] if isinstance(listed, list) else ():
            if len(known.values) < CHOICES:
                known.values[_as_text(value)[:TEXT_LIMIT]] = None


def _field(key: str, characteristic: _Characteristic) -> OrderField:
    choices = tuple(Choice(value, value) for value in characteristic.values)
    return OrderField(
        key=key,
        label=LABELS.get(key, key),
        section="product",
        constraint=ChoiceConstraint(choices) if choices else TextConstraint(None, TEXT_LIMIT),
        is_required=characteristic.is_required,
        minimum_values=int(characteristic.is_required),
        maximum_values=MOST_VALUES if key in LISTS else 1,
    )


def _as_text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def characteristics_of(values: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """A filled-in form as an order's `characteristics`: true and false as such, addresses as a list."""
    found: dict[str, Any] = {}
    for key, given in values.items():
        if given:
            found[key] = list(given) if key in LISTS or len(given) > 1 else _as_value(given[0])
    return found


def _as_value(given: str) -> str | bool:
    return {"true": True, "false": False}.get(given, given)
