"""An operator that is ready to run: what it serves, where it keeps its state, and what it does by itself."""

from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from starlette.types import ASGIApp

from providers.simulator.storage.store import Store


@dataclass(frozen=True)
class Opened:
    """`begin` is awaited before it answers, `works` go on until they are cancelled; `base` is the root of its APIs."""

    base: str
    application: ASGIApp
    store: Store
    begin: Callable[[], Awaitable[object]]
    works: Callable[[], Sequence[Coroutine[Any, Any, None]]]
    told: Mapping[str, Any] = field(default_factory=dict, repr=False)
