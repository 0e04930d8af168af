"""Matches a form's text against its provider's pattern, in time linear in the text whatever the pattern is."""

from functools import lru_cache
from typing import Protocol

import re2  # type: ignore[import-untyped]

PATTERN_LENGTH = 1000


class _Pattern(Protocol):
    def fullmatch(self, text: str) -> object | None: ...


def matches(pattern: str, text: str) -> bool:
    """Whether the whole text matches.

    True for a pattern that can't be matched in linear time (a look-ahead, a back-reference): its provider checks it.
    """
    compiled = _compiled(pattern)
    return compiled is None or compiled.fullmatch(text) is not None


@lru_cache(maxsize=1000)
def _compiled(pattern: str) -> _Pattern | None:
    if len(pattern) > PATTERN_LENGTH:
        return None
    options = re2.Options()
    options.log_errors = False
    try:
        compiled: _Pattern = re2.compile(pattern, options)
    except re2.error:
        return None
    return compiled
