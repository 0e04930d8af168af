"""Attributes by their dotted path, as TM Forum's filters name them."""

from collections.abc import Iterator
from typing import Any


def values(body: Any, path: str) -> Iterator[str]:
    """Each value at the path, as text; lists on the way are looked into (`relatedParty.id`)."""
    yield from _walk(body, path.split("."))


def _walk(node: Any, names: list[str]) -> Iterator[str]:
    if isinstance(node, list):
        for entry in node:
            yield from _walk(entry, names)
    elif names and isinstance(node, dict):
        if names[0] in node:
            yield from _walk(node[names[0]], names[1:])
    elif not names and node is not None and not isinstance(node, dict):
        yield _text(node)


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def matches(body: Any, path: str, wanted: str) -> bool:
    """Whether some value at the path is the wanted one, or one of the wanted (separated by commas)."""
    choices = {wanted, *wanted.split(",")}
    return any(value in choices for value in values(body, path))
