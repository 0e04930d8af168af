"""The operations that the page opens with: those of the consumer contract, with variables to start from."""

import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
# A built page has a copy of the documents; a checkout has the documents themselves.
COPY = FOLDER / "assets" / "operations.json"
CONTRACT = FOLDER.parents[2] / "tests" / "contract"


@cache
def examples() -> tuple[Mapping[str, str], ...]:
    """The documents in their order, each with its variables as JSON; none where neither place has them."""
    variables: Mapping[str, Any] = json.loads((FOLDER / "variables.json").read_text("utf-8"))
    return tuple(
        {"query": text, "variables": json.dumps(variables[number], indent=2) if variables[number] else ""}
        for number, text in _documents()
        if number in variables
    )


def _documents() -> Iterator[tuple[str, str]]:
    """Number and text."""
    if COPY.exists():
        copied: Mapping[str, str] = json.loads(COPY.read_text("utf-8"))
        yield from ((name[:2], text) for name, text in copied.items())
        return
    for path in sorted(CONTRACT.glob("*.graphql")):
        yield path.name[:2], path.read_text("utf-8")
