"""Calls to providers that nobody watches: implements ports.ProviderCalls, and does nothing."""

from typing import Self


class Unwatched:
    """Every call of them is the same one."""

    def call(self, provider: str, capability: str, *, is_change: bool) -> "Unwatched":
        """Itself."""
        return self

    def breaker(self, provider: str, capability: str, *, is_open: bool) -> None:
        """Nothing happens."""

    def retried(self, outcome: str) -> None:
        """Nothing happens."""

    def spared(self) -> None:
        """Nothing happens."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return None


UNWATCHED = Unwatched()
