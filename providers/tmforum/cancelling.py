"""The two ways to cancel an order: the task that TMF622 has for it, and a PATCH of the order, where there is no task.

Source: TMF622 v4.0 and v5.0, CancelProductOrder, and ProductOrder_Update; the README.
"""

from dataclasses import dataclass
from http import HTTPStatus

from gateway.contract import CancellationState, ContractBroken, OrderItemState, ProviderCancellation
from gateway.kit import Answer, Area
from gateway.kit.trouble import Intent
from providers.tmforum.context import Reading
from providers.tmforum.listing import read_all
from providers.tmforum.notes import reason_of
from providers.tmforum.reading import Row, in_path, moment, parts, reference_in, text
from providers.tmforum.requests import cancellation_of, cancelled_order
from providers.tmforum.states import cancellation_state, item_state

TASKS, ORDERS = "cancelProductOrder", "productOrder"
REFUSALS = frozenset({int(HTTPStatus.CONFLICT), int(HTTPStatus.UNPROCESSABLE_ENTITY)})
SILENT = frozenset({int(HTTPStatus.ACCEPTED), int(HTTPStatus.NO_CONTENT)})
LIVE = frozenset({CancellationState.ACKNOWLEDGED, CancellationState.IN_PROGRESS, CancellationState.DONE})
# What an order's own state says of its cancellation.
BY_ORDER = {
    OrderItemState.CANCELLED: CancellationState.DONE,
    OrderItemState.PENDING_CANCELLATION: CancellationState.IN_PROGRESS,
    OrderItemState.ASSESSING_CANCELLATION: CancellationState.IN_PROGRESS,
}


@dataclass(frozen=True, slots=True)
class CancelTasks:
    """By a resource of its own."""

    area: Area
    reading: Reading

    async def cancel(self, ref: str, key: str, reason: str | None) -> ProviderCancellation:
        """Asks for it. A 409 or 422 is a refusal, unless a cancellation of the order is under way or done already."""
        body = self.reading.body(cancellation_of(ref, reason, self.reading.profiles.ordering))
        answer, row = await self.area.send(TASKS, body, _reply, key, REFUSALS)
        if answer.status not in REFUSALS:
            return _cancellation(row)
        return _unless_live(await self.cancellation(ref), self.area, answer)

    async def cancellation(self, ref: str) -> ProviderCancellation | None:
        """Asks by `productOrder.id`, and checks each row again; of several the one asked for last."""
        page_size = self.reading.options.page_size
        listing = await read_all(self.area, TASKS, page_size, {"productOrder.id": ref})
        own = [row for row in listing.rows if reference_in(row, "productOrder") == ref]
        if not own and not listing.is_complete:
            raise ContractBroken(self.area.client.provider, self.area.capability, "cancellations are missing")
        return _cancellation(max(own, key=self._asked_at)) if own else None

    def _asked_at(self, row: Row) -> float:
        names = ("requestedCancellationDate", "creationDate", "effectiveCancellationDate")
        moments = (moment(row, name, self.reading.zone) for name in names)
        return next((each.timestamp() for each in moments if each is not None), 0.0)


@dataclass(frozen=True, slots=True)
class CancelPatches:
    """By the order's state, which is also where the answer stands: such a cancellation has no reference."""

    area: Area
    reading: Reading

    async def cancel(self, ref: str, key: str, reason: str | None) -> ProviderCancellation:
        """Asks for it; an order that goes on as it was, after a success, is being thought about.

        Any 2xx is a success: some servers answer a PATCH with 201, some with no body.
        """
        body = self.reading.body(cancelled_order(reason, self.reading.profiles.ordering))
        path = f"{ORDERS}/{in_path(ref)}"
        answer, row = await self.area.send(path, body, _reply, key, REFUSALS, "PATCH")
        if answer.status in REFUSALS:
            return _unless_live(await self.cancellation(ref), self.area, answer)
        return _of_order(row) or ProviderCancellation(None, CancellationState.IN_PROGRESS)

    async def cancellation(self, ref: str) -> ProviderCancellation | None:
        """Reads the order."""
        return await self.area.find(f"{ORDERS}/{in_path(ref)}", lambda answer: _of_order(answer.row()))


def _reply(answer: Answer) -> tuple[Answer, Row]:
    """Taken in without a word (202, 204), the rest is to be looked at later."""
    is_silent = answer.status in SILENT and not answer.body.strip()
    return answer, {} if is_silent or answer.status in REFUSALS else answer.row()


def _unless_live(earlier: ProviderCancellation | None, area: Area, answer: Answer) -> ProviderCancellation:
    if earlier is not None and earlier.state in LIVE:
        return earlier
    refusal = area.trouble(Intent.CHANGE).refused(answer)
    return ProviderCancellation(None, CancellationState.REFUSED, refusal.reason, refusal.detail)


def _cancellation(row: Row) -> ProviderCancellation:
    state = cancellation_state(text(row, "state"))
    reason, words = reason_of(row, {}, state)
    return ProviderCancellation(text(row, "id"), state, reason, words)


def _of_order(row: Row) -> ProviderCancellation | None:
    item = next(iter(parts(row, "productOrderItem")), {})
    state, _ = item_state(text(row, "state"), text(item, "state"))
    return ProviderCancellation(None, BY_ORDER[state]) if state in BY_ORDER else None
