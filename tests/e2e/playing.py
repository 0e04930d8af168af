"""Plays the contract's runs in their order, and keeps for each what came of it."""

import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.e2e.consumer import CONTRACT, Consumer, Data

BOOK: dict[str, Any] = json.loads((CONTRACT / "runs.json").read_text("utf-8"))
SUBSCRIPTIONS = ("12", "18")


@dataclass
class Play:
    """The callers, and what was captured so far."""

    callers: dict[str, Consumer]
    captured: dict[str, Any] = field(default_factory=lambda: {"place": BOOK["place"]})
    notes: dict[str, Any] = field(default_factory=dict)

    def filled_in(self, value: Any) -> Any:
        """The run's variables with every `$x` replaced."""
        if isinstance(value, dict):
            return {key: self.filled_in(each) for key, each in value.items()}
        if isinstance(value, list):
            return [self.filled_in(each) for each in value]
        if isinstance(value, str) and value.startswith("$"):
            assert value[1:] in self.captured, f"no earlier run captured {value}"
            return self.captured[value[1:]]
        return value

    @property
    def maria(self) -> Consumer:
        return self.callers["maria"]

    async def review(self, bundle: str) -> Data:
        """10 for a captured bundle, with its revision and terms captured."""
        shown = dict((await self.maria.run("10", id=self.captured[bundle]))["bundle"])
        self.captured["revision"] = shown["revision"]
        self.captured["allTerms"] = [term["id"] for term in shown["terms"]]
        if shown["issues"]:
            self._capture_issue(shown)
        return shown

    def _capture_issue(self, shown: Data) -> None:
        issue = shown["issues"][0]
        if issue["code"] != "MISSING_FIELD":
            return
        item = next(each for each in shown["items"] if each["id"] == issue["item"]["id"])
        asked = next(each for each in item["orderForm"]["fields"] if each["key"] == issue["field"])
        self.captured["itemWithIssue"] = issue["item"]["id"]
        self.captured["fieldWithIssue"] = issue["field"]
        self.captured["firstChoice"] = asked["constraint"]["choices"][0]["value"]

    async def events_until(self, number: str, variables: Data, *orders: str) -> tuple[list[Data], bool]:
        """A subscription's events, until it completes or all these captured orders are COMPLETED."""
        wanted = {self.captured[name] for name in orders}

        def enough(seen: Sequence[Data]) -> bool:
            over = {event["order"]["id"] for event in seen if event.get("orderState") == "COMPLETED"}
            return bool(wanted) and wanted <= over

        return await self.maria.events(number, variables, enough)


Check = Callable[[Play, Data], Awaitable[None]]


@dataclass(frozen=True)
class Run:
    """One entry of the book."""

    number: int
    document: str
    caller: str
    variables: Data
    expect: str

    def __str__(self) -> str:
        return f"{self.number:02}-document-{self.document}-{self.caller}"


RUNS = tuple(
    Run(number, each["document"], each["caller"], each["variables"], each["expect"])
    for number, each in enumerate(BOOK["runs"], 1)
)


async def play_all(play: Play, checks: Sequence[Check]) -> list[Exception | None]:
    """Plays every run; what went wrong in each, None where nothing did."""
    return [await _outcome(play, run, check) for run, check in zip(RUNS, checks, strict=True)]


async def _outcome(play: Play, run: Run, check: Check) -> Exception | None:
    try:
        await check(play, await _answer(play, run))
    except (Exception, AssertionError) as error:  # noqa: BLE001 each run's test raises what came of it
        return error
    return None


async def _answer(play: Play, run: Run) -> Data:
    """The run's data; a subscription is read by its check."""
    if run.document in SUBSCRIPTIONS:
        return {}
    data = await play.callers[run.caller].run(run.document, **play.filled_in(run.variables))
    for payload in data.values():
        if isinstance(payload, dict):
            assert payload.get("userErrors", []) == [], payload
    return data
