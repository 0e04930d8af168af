"""What the operator reads over all customers' orders."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from gateway.domain.ordering.operations import Backlog, OperationsFilter
from gateway.domain.ordering.orders import Order
from gateway.ports.steps import StepRecord


class OperationsReading(Protocol):
    """Reads over the open orders: by indexes that hold these alone, so that what is done costs nothing."""

    async def orders(
        self, wanted: OperationsFilter, now: datetime, first: int, after: tuple[datetime, str] | None
    ) -> Sequence[Order]:
        """Up to `first` open orders, oldest first, after that place in the order (placed_at, global id)."""

    async def steps(self, order_id: str, first: int, after: tuple[datetime, str, str] | None) -> Sequence[StepRecord]:
        """Up to `first` steps by their start, after that place in the order (started_at, key, step)."""

    async def backlog(self, now: datetime) -> Backlog:
        """The open orders as a whole at this moment."""
