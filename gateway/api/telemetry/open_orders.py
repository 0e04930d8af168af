"""How many orders are open, by state, and how many security events there were: asked when metrics are read.

Not each time: what was asked just now stands.
"""

from time import monotonic

from gateway.api.telemetry.metrics import Metrics
from gateway.domain.ordering.states import FINAL_ORDER_STATES, OrderState
from gateway.ports import Storage

KEPT_S = 5.0
OPEN_STATES = tuple(state for state in OrderState if state not in FINAL_ORDER_STATES)


class OpenOrders:
    """The gauges' filling."""

    def __init__(self, storage: Storage, metrics: Metrics) -> None:
        self._storage = storage
        self._metrics = metrics
        self._read_at = float("-inf")

    async def refresh(self) -> None:
        """Reads the store, unless that was done just now; while it does not answer, what was known stands."""
        if monotonic() - self._read_at < KEPT_S or not await self._storage.is_ready():
            return
        self._read_at = monotonic()
        async with self._storage.reading() as unit:
            counts, head = await unit.orders.open_by_state(), await unit.security_events.head()
        self._metrics.audit_head(head.sequence)
        self._metrics.open_orders({state.value: counts.get(state, 0) for state in OPEN_STATES})
