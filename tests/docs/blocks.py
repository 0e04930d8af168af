"""The fenced blocks of a page, and what stands between two markers."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_FENCED = re.compile(r"^```(.*?)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block: the kind that its fence names, what it holds, and the line on which that starts."""

    kind: str
    text: str
    line: int


def blocks_of(page: Path) -> Sequence[Block]:
    """In the page's order."""
    text = page.read_text("utf-8")
    return [
        Block(found[1].strip(), found[2], text.count("\n", 0, found.start(2)) + 1) for found in _FENCED.finditer(text)
    ]


def with_answers(blocks: Sequence[Block]) -> Sequence[tuple[Block, Block | None]]:
    """Each block but the answers, with its answer: the `json` block that follows it, None where another one does."""
    followers = [*blocks[1:], None]
    return [
        (block, follower if follower and follower.kind == "json" else None)
        for block, follower in zip(blocks, followers, strict=True)
        if block.kind != "json"
    ]


def between(page: Path, name: str) -> str:
    """What stands between `<!-- name -->` and `<!-- /name -->`."""
    _, _, rest = page.read_text("utf-8").partition(f"<!-- {name} -->\n")
    text, end, _ = rest.partition(f"<!-- /{name} -->")
    assert end, f"{page.name} has no markers {name}"
    return text


def column(page: Path, title: str) -> set[str]:
    """The words in backquotes of the first column of the table with that title."""
    _, _, rest = page.read_text("utf-8").partition(f"| {title} |")
    table = rest.partition("\n\n")[0].splitlines()[2:]
    return {word for row in table for word in re.findall(r"`(\w+)`", row.split("|")[1])}
