"""The next version of the gateway, as a program: it takes each step in its own way, and notes which it took.

With `RENEWED_VERSION` it has raised the version of the saga, too.
"""

import functools
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from gateway.__main__ import main
from gateway.saga import driver, workflow

NOTES, VERSION = "RENEWED_NOTES", "RENEWED_VERSION"
Take = Callable[..., Awaitable[float]]


def _noting(name: str, take: Take) -> Take:
    @functools.wraps(take)
    async def noted(work: Any, order: Any, item: Any) -> float:
        with Path(os.environ[NOTES]).open("a") as notes:  # noqa: ASYNC230 a line
            notes.write(f"{order.id} {name}\n")
        return await take(work, order, item)

    return noted


if __name__ == "__main__":
    driver.STEPS = {step: _noting(step, take) for step, take in driver.STEPS.items()}
    workflow.APPLICATION_VERSION = os.environ.get(VERSION, workflow.APPLICATION_VERSION)
    main()
