"""The exported audit trail: JSON lines. The first tells where the chain begins, the last where it ends."""

import hmac
import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from datetime import datetime
from typing import Any

from gateway.domain.security_chain import Anchor, ChainKeys, Head, Link
from gateway.domain.security_verification import Damage, Finding, Verification


class NoTrail(Exception):
    """A file is not an exported audit trail; the line's number, from 1, says where."""

    def __init__(self, line: int) -> None:
        super().__init__(f"line {line} is none of an exported audit trail")


def first_line(anchor: Anchor | None) -> str:
    """What stands before the events."""
    return _line({"audit": 1, "anchor": asdict(anchor) if anchor else None})


def event_line(link: Link) -> str:
    """An event."""
    return _line({**asdict(link), "occurred_at": link.occurred_at.isoformat()})


def last_line(keys: ChainKeys, head: Head) -> str:
    """What stands behind the events: sealed, so that a shortened file shows."""
    return _line({**asdict(head), "key_id": keys.newest_id, "seal": keys.digest(_content(head))})


def _line(content: dict[str, Any]) -> str:
    return json.dumps(content, ensure_ascii=False)


def _content(head: Head) -> bytes:
    return f"end\n{head.sequence}\n{head.digest}".encode()


def verified_lines(keys: ChainKeys, lines: Iterable[str], *noted: Head) -> Verification:
    """As of a database's chain. Raises: NoTrail."""
    numbered = enumerate(lines, 1)
    number, content = _next(numbered)
    try:
        anchor = Anchor(**content["anchor"]) if content["anchor"] else None
    except (KeyError, TypeError):
        raise NoTrail(number) from None
    found = Verification(keys, anchor, noted)
    while (read := next(numbered, None)) is not None:
        number, content = read[0], _content_of(*read)
        if "seal" in content:
            return _ended(found, keys, content, number)
        found.check(_link(content, number))
    found.finding = found.finding or Finding(found.head.sequence + 1, Damage.CUT_OFF)
    return found


def _ended(found: Verification, keys: ChainKeys, content: dict[str, Any], number: int) -> Verification:
    try:
        head = Head(int(content["sequence"]), str(content["digest"]))
        seal, key = str(content["seal"]), str(content["key_id"])
    except (KeyError, TypeError, ValueError):
        raise NoTrail(number) from None
    expected = keys.digest(_content(head), key)
    if found.finding is None and not (expected and hmac.compare_digest(expected, seal)):
        damage = Damage.HEAD_CHANGED if expected else Damage.UNKNOWN_KEY
        found.finding = Finding(head.sequence, damage)
    found.finish(head)
    return found


def _next(numbered: Iterator[tuple[int, str]]) -> tuple[int, dict[str, Any]]:
    number, line = next(numbered, (1, ""))
    return number, _content_of(number, line)


def _content_of(number: int, line: str) -> dict[str, Any]:
    try:
        content = json.loads(line)
    except ValueError:
        content = None
    if not isinstance(content, dict):
        raise NoTrail(number)
    return content


def _link(content: dict[str, Any], number: int) -> Link:
    try:
        return Link(**{**content, "occurred_at": datetime.fromisoformat(content["occurred_at"])})
    except (KeyError, TypeError, ValueError):
        raise NoTrail(number) from None
