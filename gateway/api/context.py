"""What a resolver is given: the core, who asks, in which language, and the loaders of this one operation."""

from dataclasses import dataclass, field
from typing import Any, TypeAlias

import strawberry

from gateway.api.loaders import Loaders
from gateway.domain.parties import Caller
from gateway.ports import Attempts
from gateway.usecases.core import Core
from gateway.usecases.feeds import Prepare


@dataclass(slots=True)
class Context:
    """The context of one operation.

    `resume_after` is a cursor that the transport itself gave; `prepare` makes what is sent of a subscription's event.
    """

    core: Core
    caller: Caller
    locale: str
    attempts: Attempts
    resume_after: str | None = None
    prepare: Prepare[Any] | None = None
    _loaders: Loaders | None = field(default=None, init=False)

    @property
    def loaders(self) -> Loaders:
        """What the operation has loaded; many load nothing."""
        if self._loaders is None:
            self._loaders = Loaders(self.core, self.caller)
        return self._loaders


Info: TypeAlias = strawberry.Info[Context, None]
