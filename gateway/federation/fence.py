"""What must be so in the moment before a change is sent to a provider, for whoever sends it."""

from collections.abc import Awaitable, Callable
from contextvars import ContextVar

Confirm = Callable[[], Awaitable[None]]


async def _always() -> None:
    """Who answers a request may send."""


fence: ContextVar[Confirm] = ContextVar("fence", default=_always)
"""Is awaited last of all before a change is sent, after every queue; what it raises keeps the change unsent."""
