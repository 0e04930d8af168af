"""Answers that come in parts, by `@defer` and `@stream`: in either of the two formats that clients read."""

from copy import deepcopy
from typing import Any

from gateway.api.operations.answers import Answer
from gateway.api.problems import shown


def part_of(result: Any, locale: str) -> Answer:
    """One part of an answer that comes in several. Source: graphql-spec, incremental delivery (2023, `pending`)."""
    part: Answer = dict(result.formatted)
    _show(part, result, locale)
    for shown_as, each in zip(part.get("incremental", ()), getattr(result, "incremental", None) or (), strict=True):
        _show(shown_as, each, locale)
    for shown_as, each in zip(part.get("completed", ()), getattr(result, "completed", None) or (), strict=True):
        _show(shown_as, each, locale)
    return part


def _show(part: Answer, result: Any, locale: str) -> None:
    if getattr(result, "errors", None):
        part["errors"] = shown(result.errors, locale)


class PathFormat:
    """Says the parts of one answer with a path and label each, instead of an id that was told once.

    What most clients read today. Source: GraphQL specification, incremental delivery, proposal of 2022-08-24.
    """

    def __init__(self) -> None:
        self._pending: dict[str, Answer] = {}
        self._data: Any = None

    def said(self, part: Answer) -> Answer:
        """The part in that format; parts in their order."""
        if self._data is None:
            self._data = deepcopy(part.get("data"))
        # What is there at once is announced and told in one part.
        self._pending.update((each["id"], each) for each in part.pop("pending", ()))
        incremental = [self._said(each) for each in part.pop("incremental", ())]
        incremental += [self._failed(each) for each in part.pop("completed", ()) if "errors" in each]
        return {**part, "incremental": incremental} if incremental else part

    def _said(self, each: Answer) -> Answer:
        pending = self._pending[each.pop("id")]
        path = [*pending["path"], *each.pop("subPath", ())]
        place = self._place(path)
        if "items" in each:
            path = [*path, len(place)]
            place.extend(deepcopy(each["items"]))
        else:
            place.update(deepcopy(each["data"] or {}))
        return {**each, "path": path} | _label(pending)

    def _place(self, path: list[Any]) -> Any:
        # What was sent before tells how many items of a list are there already.
        place = self._data
        for key in path:
            place = place[key]
        return place

    def _failed(self, each: Answer) -> Answer:
        pending = self._pending[each["id"]]
        is_list = isinstance(self._place(pending["path"]), list)
        nothing = {"items": None} if is_list else {"data": None}
        return {**nothing, "path": list(pending["path"]), "errors": each["errors"]} | _label(pending)


def _label(pending: Answer) -> Answer:
    return {"label": pending["label"]} if "label" in pending else {}
