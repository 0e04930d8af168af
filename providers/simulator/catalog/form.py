"""An offering's order form as TMF620 describes it, and what is wrong with an answer to it."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from providers.simulator.catalog.catalogue import Catalogue

Values = dict[str, list[Any]]


@dataclass(frozen=True)
class Question:
    """One configurable characteristic, as it is for this offering."""

    name: str
    least: int
    most: int
    regex: str | None
    options: list[dict[str, Any]]

    @property
    def defaults(self) -> list[Any]:
        """What holds where nothing is said."""
        return [option["value"] for option in self.options if option.get("isDefault")]

    def problem(self, values: list[Any]) -> str | None:
        """What is wrong with these values, or None."""
        if len(values) < self.least:
            return f"{self.name} is missing"
        if len(values) > self.most:
            return f"{self.name} takes at most {self.most}"
        wrong = [value for value in values if not self._allows(value)]
        return f"{self.name} cannot have this value" if wrong else None

    def _allows(self, value: Any) -> bool:
        spans = [option for option in self.options if "valueFrom" in option]
        if spans:
            return any(_within(value, span) for span in spans)
        if self.options:
            return _text(value) in {_text(option["value"]) for option in self.options}
        return isinstance(value, str) and len(value) <= 500 and (not self.regex or bool(re.search(self.regex, value)))


def _within(value: Any, span: Mapping[str, Any]) -> bool:
    text = str(value)
    if not re.fullmatch(r"-?[0-9]{1,9}", text):
        return False
    number, low, high = int(text), int(span["valueFrom"]), int(span["valueTo"])
    return low <= number <= high and (number - low) % int(span["rangeInterval"]) == 0


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def questions(catalogue: Catalogue, ref: str) -> list[Question]:
    """The form of the offering; its own narrowing of a shared specification goes before."""
    uses = {use["name"]: use for use in catalogue.resources["productOffering"][ref].get("prodSpecCharValueUse", ())}
    asked = (each for each in catalogue.specification_of(ref)["productSpecCharacteristic"] if each["configurable"])
    return [_question({**each, **uses.get(each["name"], {})}) for each in asked]


def _question(each: Mapping[str, Any]) -> Question:
    return Question(
        each["name"],
        each["minCardinality"],
        each["maxCardinality"],
        each.get("regex"),
        each["productSpecCharacteristicValue"],
    )


def filled_in(catalogue: Catalogue, ref: str, given: Values) -> Values:
    """The answers, with the defaults where none is given."""
    return {each.name: given.get(each.name) or each.defaults for each in questions(catalogue, ref)}


def problems(catalogue: Catalogue, ref: str, given: Values) -> Iterator[str]:
    """What is wrong with the answers, in the order of the form."""
    form = questions(catalogue, ref)
    for unknown in sorted(given.keys() - {each.name for each in form}):
        yield f"{unknown} is no field of this offering"
    for each in form:
        if problem := each.problem(given.get(each.name) or each.defaults):
            yield problem


def facts(catalogue: Catalogue, ref: str) -> Values:
    """The characteristics that are as they are."""
    return {
        each["name"]: [value["value"] for value in each["productSpecCharacteristicValue"]]
        for each in catalogue.specification_of(ref)["productSpecCharacteristic"]
        if not each["configurable"]
    }
