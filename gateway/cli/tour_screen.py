"""What the tour shows: colours and bars in a terminal, plain lines elsewhere."""

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

_SHARES = {
    "ACKNOWLEDGED": 5,
    "PENDING": 10,
    "HELD": 30,
    "IN_PROGRESS": 45,
    "ASSESSING_CANCELLATION": 50,
    "PENDING_CANCELLATION": 60,
}
_OVER = {"COMPLETED": "green", "CANCELLED": "yellow", "FAILED": "red", "REJECTED": "red", "PARTIAL": "yellow"}


def money(amount: Mapping[str, Any] | None) -> str:
    """`49.00 SEK`; a dash without."""
    return f"{amount['amount']} {amount['currency']}" if amount else "-"


class Screen:
    """Where the tour is told, step by step."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(highlight=False, soft_wrap=True)

    def begin(self, number: int, of: int, title: str) -> None:
        """The heading of a step."""
        self._console.print(f"\n[bold cyan]\\[{number}/{of}] {title}[/]")

    def line(self, text: str) -> None:
        """Something that was seen."""
        self._console.print(f"  {text}", markup=False)

    def failed(self, number: int, title: str, reason: str) -> None:
        """The end, too early."""
        self._console.print(f"\n[bold red]The tour failed at step {number}, {title}:[/]")
        self._console.print(f"  {reason}", markup=False)

    def done(self) -> None:
        """The end."""
        self._console.print("\n[bold green]The tour is complete.[/]")

    @contextlib.contextmanager
    def following(self, items: Sequence[Mapping[str, Any]]) -> Iterator["Bars | Lines"]:
        """Shows the events of an order with these items as they come."""
        if not self._console.is_terminal:
            yield Lines(self)
            return
        columns = (TextColumn("  {task.description}"), BarColumn(30), TextColumn("{task.fields[state]}"))
        with Progress(*columns, TimeElapsedColumn(), console=self._console) as progress:
            yield Bars(progress, items)


class Lines:
    """A line for each event."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen

    def show(self, event: Mapping[str, Any]) -> None:
        """Shows it."""
        self._screen.line(
            f"{event['sequence']:>3}  {event['orderState']:<22} {event['completionPercent']:>3} %  {event['message']}"
        )


class Bars:
    """A bar for each item and its provider, and one for the order."""

    def __init__(self, progress: Progress, items: Sequence[Mapping[str, Any]]) -> None:
        self._progress = progress
        names = {item["id"]: f"{item['offeringName']} ({item['provider']['name']})" for item in items}
        width = max(len(name) for name in [*names.values(), "The order"])
        self._tasks = {key: self._task(name, width) for key, name in names.items()}
        self._order = self._task("The order", width)

    def _task(self, name: str, width: int) -> TaskID:
        return self._progress.add_task(name.ljust(width), total=100, state="")

    def show(self, event: Mapping[str, Any]) -> None:
        """Moves the bars."""
        if event["item"] is not None and event["itemState"] is not None:
            task = self._tasks.get(event["item"]["id"])
            if task is not None:
                self._move(task, event["itemState"], _SHARES.get(event["itemState"], 100))
        self._move(self._order, event["orderState"], event["completionPercent"])

    def _move(self, task: TaskID, state: str, share: int) -> None:
        colour = _OVER.get(state, "white")
        self._progress.update(task, completed=100 if state in _OVER else share, state=f"[{colour}]{state}[/]")
