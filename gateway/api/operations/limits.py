"""What bounds an operation: its time, its cost, and what a caller may spend on operations in a while."""

from dataclasses import dataclass
from functools import lru_cache

from limits import parse

from gateway.api.auth.addresses import limit_key
from gateway.api.rates.windows import MemoryWindows, Windows
from gateway.domain.parties import Caller

TOO_MUCH = "Too much was asked for of late. Try again in {seconds} seconds."
_group = lru_cache(maxsize=4096)(limit_key)


@dataclass(frozen=True, slots=True)
class OperationLimits:
    """How long one operation may run and what it may cost; rates of what may be spent as `100000/minute`."""

    seconds: float = 20.0
    cost: int = 100_000
    cost_per_actor: str = "1000000/minute"
    cost_per_address: str = "5000000/minute"


class Budgets:
    """Fixed windows, each from its first operation on; in this process's memory, unless others are given.

    What an operation costs is charged before it runs, whatever comes of it.
    """

    def __init__(self, limits: OperationLimits, windows: Windows | None = None) -> None:
        self._windows = windows or MemoryWindows()
        self._per_actor = parse(limits.cost_per_actor)
        self._per_address = parse(limits.cost_per_address)

    @property
    def most(self) -> int:
        """What one operation can cost at most: it is never waited for in vain."""
        return int(min(self._per_actor.amount, self._per_address.amount))

    def charge(self, caller: Caller, cost: int) -> int | None:
        """Charges it; where that is more than is left, the seconds until there is room again, and nothing is run."""
        # The caller's own first: one who has spent it all takes nothing from those of the same address.
        subject = caller.subject
        if subject is not None and not self._windows.hit(self._per_actor, subject, cost):
            return self._windows.wait_s(self._per_actor, subject)
        address = _group(caller.address)
        if not self._windows.hit(self._per_address, address, cost):
            return self._windows.wait_s(self._per_address, address)
        return None
