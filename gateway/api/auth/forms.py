"""Reads a JSON body field by field: everything wrong is found, nothing unknown is let through."""

import json
from enum import StrEnum
from typing import Any, TypeVar

from starlette.requests import Request

from gateway.api.auth.identity import is_json
from gateway.api.bodies import BodyTooLarge, read_body
from gateway.domain.errors import Problem, RequestError

E = TypeVar("E", bound=StrEnum)


async def read_object(request: Request, limit: int) -> dict[str, Any]:
    """The body's JSON object. Raises: RequestError NOT_JSON, BODY_TOO_LARGE, MALFORMED_JSON."""
    if not is_json(request):
        raise RequestError.at("NOT_JSON")
    try:
        body = await read_body(request.receive, limit)
    except BodyTooLarge:
        raise RequestError.at("BODY_TOO_LARGE", maximum=str(limit)) from None
    try:
        found = json.loads(body.decode("utf-8"), object_pairs_hook=_without_twins, parse_constant=_refuse)
        # Half a surrogate pair is no text: neither a hash nor a database takes it.
        json.dumps(found, ensure_ascii=False).encode("utf-8")
    except (ValueError, RecursionError):
        raise RequestError.at("MALFORMED_JSON") from None
    if not isinstance(found, dict):
        raise RequestError.at("MALFORMED_JSON")
    return found


def _without_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name is there twice")
    return found


def _refuse(constant: str) -> Any:
    raise ValueError(constant)


class Form:
    """An object's fields, each asked for once; `check` then raises all that was wrong."""

    def __init__(
        self, given: dict[str, Any], path: tuple[str, ...] = (), problems: list[Problem] | None = None
    ) -> None:
        self._left = dict(given)
        self._path = path
        self._problems: list[Problem] = [] if problems is None else problems
        self._parts: list[Form] = []

    def text(self, name: str) -> str:
        """A required text; empty where it is missing or no text."""
        if self._left.get(name) is None:
            self._note("MISSING", name)
        return self.optional_text(name) or ""

    def optional_text(self, name: str) -> str | None:
        """A text that may be left out, or null."""
        value = self._left.pop(name, None)
        if value is None or isinstance(value, str):
            return value
        self._note("WRONG_TYPE", name)
        return None

    def choice(self, name: str, kind: type[E], fallback: E) -> E:
        """A required name out of an enumeration."""
        value = self.text(name)
        if value in kind.__members__:
            return kind[value]
        if value:
            self._note("UNKNOWN_VALUE", name)
        return fallback

    def part(self, name: str) -> "Form":
        """A required object; an empty one where it is missing or none."""
        value = self._left.pop(name, None)
        if not isinstance(value, dict):
            self._note("MISSING" if value is None else "WRONG_TYPE", name)
            return Form({}, (*self._path, name), [])  # what is missing in what is missing needs no saying
        part = Form(value, (*self._path, name), self._problems)
        self._parts.append(part)
        return part

    def without(self, name: str, code: str) -> None:
        """A field that must not be given beside another one; null is as good as nothing."""
        if self._left.pop(name, None) is not None:
            self._note(code, name)

    def check(self, *more: Problem) -> None:
        """Raises: RequestError with every problem; those of `more` only at fields that had none so far."""
        for form in (self, *self._parts):
            for name in form._left:
                form._note("UNKNOWN_FIELD", name[:100])
        seen = {problem.field for problem in self._problems}
        found = [*self._problems, *(each for each in more if not _is_within(each.field or (), seen))]
        if found:
            raise RequestError(*found)

    def _note(self, code: str, name: str) -> None:
        self._problems.append(Problem(code, (*self._path, name)))


def _is_within(path: tuple[str, ...], seen: set[tuple[str, ...] | None]) -> bool:
    return any(path[:length] in seen for length in range(1, len(path) + 1))
