"""What a resolver is given: the core, who asks, in which language, and the loaders of this one operation."""

from dataclasses import dataclass, field
from typing import TypeAlias

import strawberry

from gateway.api.loaders import Loaders
from gateway.domain.parties import Caller
from gateway.usecases.core import Core


@dataclass(slots=True)
class Context:
    """The context of one operation; `start_over` forgets what was loaded, between the events of a subscription."""

    core: Core
    caller: Caller
    locale: str
    loaders: Loaders = field(init=False)

    def __post_init__(self) -> None:
        self.start_over()

    def start_over(self) -> None:
        """Loads anew from now on."""
        self.loaders = Loaders(self.core, self.caller)


Info: TypeAlias = strawberry.Info[Context, None]
