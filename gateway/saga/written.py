"""The orders as this process has last written them: a driver goes on from there and need not read what it knows.

What others write comes with a wake-up, and is read then.
"""

from gateway.domain.ordering.orders import Order


class Written:
    """One memory for all steps of this process; of each order until its driver takes it."""

    def __init__(self) -> None:
        self._orders: dict[str, tuple[int, Order | None]] = {}
        self._last: dict[str, Order] = {}
        self._turn = 0

    def turn(self) -> int:
        """The number of a write, taken while its order is locked: a higher one has written over a lower one."""
        self._turn += 1
        return self._turn

    def note(self, order_id: str, after: Order | None, turn: int) -> None:
        """What a step has written; None where the store had moved on, so that nothing is known any more."""
        if after is not None:
            self._last[order_id] = after
        last, known = self._orders.get(order_id, (0, None))
        # Of two steps side by side the later one wrote the whole order, whichever is told first; not each write has
        # an event, so their numbers do not tell.
        if known is None or after is None or turn >= last:
            self._orders[order_id] = turn, after

    def take(self, order: Order) -> Order | None:
        """What was written since it was last taken, else the same order; None where it must be read.

        A step that is told late may have written before another process did, whose word was read meanwhile: that is
        not gone back from.
        """
        _, known = self._orders.pop(order.id, (0, order))
        return order if known is not None and known.last_sequence < order.last_sequence else known

    def see(self, order: Order) -> None:
        """What was read."""
        self._last[order.id] = order

    def last(self, order: Order) -> Order:
        """What was last written or read, as far as this process knows: likely what is stored, not surely."""
        return self._last.get(order.id, order)

    def forget(self, order_id: str) -> None:
        """It is not driven here any more."""
        self._last.pop(order_id, None)
        self._orders.pop(order_id, None)
