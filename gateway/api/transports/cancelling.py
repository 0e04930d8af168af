"""Ends what runs for a connection."""

import asyncio
from collections.abc import Iterable
from typing import Any


async def cancel(tasks: Iterable["asyncio.Future[Any]"]) -> None:
    """Cancels them all, then waits until each has given back what it held; what comes of them is not told."""
    ending = list(tasks)
    for task in ending:
        task.cancel()
    await asyncio.gather(*ending, return_exceptions=True)
