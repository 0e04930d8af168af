"""The orders as this process has last written them: a driver goes on from there and need not read what it knows.

What others write comes with a wake-up, and is read then.
"""

from gateway.domain.ordering.orders import Order


class Written:
    """One memory for all steps of this process; of each order until its driver takes it."""

    def __init__(self) -> None:
        self._orders: dict[str, Order | None] = {}

    def note(self, order_id: str, after: Order | None) -> None:
        """What a step has written; None where the store had moved on, so that nothing is known any more."""
        known = self._orders.get(order_id)
        # Of two steps side by side the later one wrote the whole order, whichever is told first.
        if known is None or after is None or after.last_sequence >= known.last_sequence:
            self._orders[order_id] = after

    def take(self, order: Order) -> Order | None:
        """What was written since it was last taken, else the same order; None where it must be read."""
        return self._orders.pop(order.id, order)
