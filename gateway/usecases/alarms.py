"""What operators must hear of: counted, and written to the log `gateway.alarms`; no customer's data in it."""

import logging
from collections import Counter

_log = logging.getLogger("gateway.alarms")


class Alarms:
    """Counts since the start, by code and provider."""

    def __init__(self) -> None:
        self.counts: Counter[tuple[str, str]] = Counter()

    def foreign_rows(self, provider: str, capability: str, count: int) -> None:
        """A provider answered with rows of another party than was asked for: they were dropped."""
        self.counts["foreign-rows", provider] += count
        fields = {"alarm": "foreign-rows", "provider": provider, "capability": capability, "rows": count}
        _log.error("foreign-rows provider=%s capability=%s rows=%d", provider, capability, count, extra=fields)
