"""An answer of a provider's: its status, its JSON, and what the headers tell about a list or a version."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any

import orjson

DEPTH = 64
# Of one answer, whatever its length: what is read of few bytes may need hundreds of times as much memory.
GROUPS = 300_000
VALUES = 1_000_000
_STEPS = [{"[": 1, "{": 1, "]": -1, "}": -1}.get(chr(each), 0) for each in range(256)]
_OTHERS = bytes(each for each in range(256) if not _STEPS[each])


class Misshapen(ValueError):
    """The JSON is not what the API documents; raised by readers, sorted into the error tree by the client."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A status with its body, of any size up to the client's limit. Header names are in lower case.

    `depth` is how many levels its JSON may have: readers may follow what is nested without fear.
    """

    status: int
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)
    depth: int = DEPTH

    @property
    def is_unchanged(self) -> bool:
        """Whether a conditional read found nothing new."""
        return self.status == 304

    @property
    def etag(self) -> str | None:
        """The version the provider gives this resource."""
        return self.headers.get("etag") or None

    @property
    def last_modified(self) -> str | None:
        """The moment of the last change in it, an HTTP date in the provider's own words."""
        return self.headers.get("last-modified", "").strip() or None

    @property
    def total(self) -> int | None:
        """How many rows there are in all, as the provider says (it may be wrong), None where it says nothing usable."""
        text = self.headers.get("x-total-count", "").strip()
        return int(text) if text.isascii() and text.isdigit() else None

    def json(self) -> Any:
        """The body, None for an empty one. Raises: Misshapen for no JSON, or one too deep or of too many parts."""
        if not self.body.strip():
            return None
        if is_crowded(self.body):
            raise Misshapen(f"JSON of more than {GROUPS} objects and lists, or {VALUES} values")
        if is_deeper(self.body, self.depth):
            raise Misshapen(f"JSON of more than {self.depth} levels")
        try:
            return orjson.loads(self.body)
        except orjson.JSONDecodeError as error:
            raise Misshapen(f"no JSON ({error.msg})") from None

    def row(self) -> Mapping[str, Any]:
        """The body as one object. Raises: Misshapen."""
        found = self.json()
        if not isinstance(found, dict):
            raise Misshapen(f"an object expected, not {type(found).__name__}")
        return found

    def rows(self) -> list[Mapping[str, Any]]:
        """The body as a list of objects. Raises: Misshapen."""
        found = self.json()
        if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
            raise Misshapen(f"a list of objects expected, not {type(found).__name__}")
        return found


def is_crowded(body: bytes) -> bool:
    """Whether JSON may have more parts than anybody needs; what looks like one within a text counts, too."""
    return body.count(b"{") + body.count(b"[") > GROUPS or body.count(b",") >= VALUES


def is_deeper(body: bytes, limit: int) -> bool:
    """Whether JSON has more levels than that; either, for what is no JSON. Quick beside reading it."""
    # Backslashes are in texts alone: without what they escape, every quote begins or ends a text.
    plain = body.replace(b"\\\\", b"").replace(b'\\"', b"") if b"\\" in body else body
    brackets = b"".join(plain.split(b'"')[::2]).translate(None, _OTHERS)
    rest = brackets
    for _ in range(min(limit // 2, 8)):
        # What is innermost goes, and at most what is around it: one level or two.
        rest = rest.replace(b"[]", b"").replace(b"{}", b"")
    return bool(rest) and max(accumulate(map(_STEPS.__getitem__, brackets))) > limit
