"""Faults that an operator was told to have, by a test."""

import itertools
from fnmatch import fnmatchcase
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Kind = Literal[
    "slow",
    "status",
    "nonsense",
    "drop_before",
    "drop_after",
    "late",
    "reject",
    "fail_late",
    "never_finish",
    "forget_key",
    "lose",
    "delay",
    "repeat",
]
TRANSPORT: tuple[Kind, ...] = ("slow", "status", "nonsense", "drop_before", "drop_after", "late")
FATES: tuple[Kind, ...] = ("reject", "fail_late", "never_finish")
KEYLESS: tuple[Kind, ...] = ("forget_key",)
POSTAL: tuple[Kind, ...] = ("lose", "delay", "repeat")


class Rule(BaseModel):
    """One fault: which calls it meets, and what becomes of them.

    `operation` is `<resource>.<verb>` (`productOrder.create`, `product.get`, `hub.event`), `*` for any; `match` is a
    text that must stand in the path, the query or the body; the first `skip` calls it meets pass, the next `times`
    (None: all) fail.
    """

    model_config = ConfigDict(extra="forbid")

    operation: str
    kind: Kind
    match: str | None = None
    skip: int = Field(0, ge=0)
    times: int | None = Field(None, ge=1)
    reason: str = "Told to fail"
    seconds: float = Field(1.0, ge=0)
    status: int = Field(503, ge=400, le=599)
    retry_after: int | None = None
    shape: Literal["text", "empty", "list", "wrong"] = "text"
    does_work: bool = False
    copies: int = Field(1, ge=1)


class Fault(Rule):
    """A rule that is in force, and how often it has been applied."""

    id: int
    met: int = 0
    applied: int = 0

    def meets(self, operation: str, kinds: tuple[Kind, ...], text: str) -> bool:
        """Whether the call is one of those the rule is about."""
        return (
            self.kind in kinds
            and fnmatchcase(operation, self.operation)
            and (self.match is None or self.match in text)
            and (self.times is None or self.applied < self.times)
        )


class Faults:
    """All faults of one operator; kept in memory."""

    def __init__(self) -> None:
        self.rules: list[Fault] = []
        self._ids = itertools.count(1)

    def add(self, rule: Rule) -> Fault:
        """Puts the rule in force, after those that are."""
        fault = Fault(id=next(self._ids), **rule.model_dump())
        self.rules.append(fault)
        return fault

    def remove(self, number: int | None = None) -> None:
        """Takes one rule back, or all."""
        self.rules = [fault for fault in self.rules if number is not None and fault.id != number]

    def take(self, operation: str, kinds: tuple[Kind, ...], text: str) -> Fault | None:
        """The first rule that this call falls under, counted as applied."""
        for fault in self.rules:
            if fault.meets(operation, kinds, text):
                fault.met += 1
                if fault.met > fault.skip:
                    fault.applied += 1
                    return fault
        return None
