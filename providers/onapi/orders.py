"""Orders of every operation, as the API has them: sent, read, listed, deleted. Source: ON-API 2.6, orders, responses.

The API has no keys. What it has instead: an order that is under way is answered again, and what is so already is
answered as done, without an order. Our own reference of the key (`spSubscriptionId`) tells whose an order is.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus
from typing import Any

from gateway.contract import OrderItemState, ProviderOrder, Rejected
from gateway.kit import Answer, Area, Misshapen
from gateway.kit.trouble import Intent
from providers.onapi.context import Reading
from providers.onapi.reading import NONE_THERE, Row, is_id, moment, rows_or_none_there, text
from providers.onapi.references import digest_of
from providers.onapi.states import FAILED, order_state
from providers.onapi.subscriptions import Held, SubscriptionBook, subscriptions_at

ORDERS = "orders/"
GONE = frozenset({int(HTTPStatus.NOT_FOUND), int(HTTPStatus.GONE)})
CANCEL_REFUSALS = frozenset({400, 405, 409, 422, 501})


class Operation(StrEnum):
    """What an order is to do."""

    ACTIVATE = "ACTIVATE"
    DEACTIVATE = "DEACTIVATE"
    SUSPEND = "SUSPEND"
    RESUME = "RESUME"
    MODIFY = "MODIFY"
    CHANGE = "CHANGE"


@dataclass(frozen=True, slots=True)
class Reply:
    """What an order was answered. `order_id` None: it was so already. `is_new`: this request made the order."""

    row: Row
    order_id: str | None
    is_new: bool


class OrderDesk:
    """The orders of one network. All raise Unavailable, ContractBroken; what changes something OutcomeUnknown, too."""

    def __init__(self, area: Area, held: SubscriptionBook, reading: Reading) -> None:
        self.area = area
        self._held = held
        self._reading = reading

    async def send(self, operation: Operation, fields: Mapping[str, Any]) -> Reply:
        """Orders. Raises: Rejected for what the network does not do, 404 (no such subscription) included."""
        body = {"operation": operation, **{name: value for name, value in fields.items() if value not in (None, {})}}
        answer = await self.area.send(ORDERS, body, _whole, also=NONE_THERE)
        if answer.status in NONE_THERE:
            raise self.refused(answer)
        return self._reply(answer)

    async def on_subscription(self, operation: Operation, held: Held, key: str | None, **fields: Any) -> Reply:
        """An order for a subscription; `key` goes with it where the settings allow."""
        sent = digest_of(key) if key is not None and self._reading.options.sends_keys else None
        given = {"subscriptionId": held.subscription_id, "spSubscriptionId": sent, **fields}
        return await self.send(operation, given)

    async def one(self, order_id: str) -> Row | None:
        """The order as it is now; None for one that is gone."""
        return await self.area.find(f"{ORDERS}{order_id}", Answer.row) if is_id(order_id) else None

    async def listed(self, **params: str) -> Sequence[Row]:
        """Those of an `accessId` or a `state`; without, those that have not ended."""
        return await self.area.get(ORDERS, rows_or_none_there, params or None, also=NONE_THERE)

    async def delete(self, order_id: str) -> Answer:
        """Cancels the order; the answer may be a refusal, or that it is gone."""
        return await self.area.remove(f"{ORDERS}{order_id}", _whole, also=GONE | CANCEL_REFUSALS)

    async def is_told_deleted(self, order_id: str) -> bool:
        """Whether the network's events say that the order was deleted; they are kept for a day at least."""
        rows = await self.area.get("events/", _rows_or_no_events, also=frozenset({404, 501}))
        told = ((text(row, "type") or "", text(row, "objectType") or "", text(row, "objectId")) for row in rows)
        return any(kind == "DELETE" and of.startswith("order") and ref == order_id for kind, of, ref in told)

    async def by_key(self, key: str) -> tuple[Row | None, Held | None]:
        """The order of that key, and the subscription that it made: either, both, or none.

        Of what has not ended, then of what failed, then by the subscription: an order that goes on meanwhile is seen in
        one of them. Raises: ContractBroken where the network shows no references, so that nobody can tell.
        """
        reference = digest_of(key)
        seen: list[Row] = []
        for params in ({}, {"state": FAILED}):
            rows = await self.listed(**params)
            if (found := _of_reference(rows, reference)) is not None:
                return found, None
            seen.extend(rows)
        held = await self._held.by_key(reference, self.area)
        if held is not None:
            return _of_reference(await self.listed(accessId=held.access_id), reference), held
        made = [row for row in seen if text(row, "operation") == Operation.ACTIVATE]
        if made and not any(text(row, "spSubscriptionId") for row in made):
            raise self.area.trouble(Intent.READ).nonsense("no order shows our reference")
        return None, None

    async def made_by(self, access_id: str, reference: str) -> Held | None:
        """The subscription there that an order of that reference made."""
        for row in await subscriptions_at(access_id, self.area):
            ref = text(row, "subscriptionId") or ""
            if text(row, "spSubscriptionId") == reference and is_id(ref):
                return Held(access_id, ref)
        return None

    def read(self, row: Row, order_id: str, key: str | None = None, held: Held | None = None) -> ProviderOrder:
        """The order; `held` where its subscription is known otherwise."""
        raw = text(row, "state") or ""
        state, product = order_state(raw), held or held_in(row)
        return ProviderOrder(
            ref=order_id,
            key=key,
            state=state,
            provider_state=raw,
            product_ref=None if product is None else str(product),
            expected_completion_at=moment(row, "expectedCompletionDate", self._reading.options.time_zone),
            text=(text(row, "message") or "") if state is OrderItemState.FAILED else "",
        )

    def _reply(self, answer: Answer) -> Reply:
        """Raises: OutcomeUnknown for an answer that is no order: it is looked for."""
        try:
            row = answer.row()
            order_id = order_id_of(row) or _last_part(answer.headers.get("location", ""))
            is_new = answer.status != HTTPStatus.OK
            if order_id is None and (is_new or text(row, "state") is None):
                raise Misshapen("an order without an ID")
        except Misshapen as error:
            raise self.area.trouble(Intent.CHANGE).nonsense(str(error)) from None
        return Reply(row, order_id, is_new)

    def refused(self, answer: Answer) -> Rejected:
        """The network's no, in its own words."""
        return self.area.trouble(Intent.CHANGE).refused(answer)


def order_id_of(row: Row) -> str | None:
    """Its ID, or the last part of its path; None for what is no order."""
    found = text(row, "orderId") or ""
    return found if is_id(found) else _last_part(text(row, "path") or "")


def held_in(row: Row) -> Held | None:
    """The subscription that the order is about."""
    access_id, ref = text(row, "accessId") or "", text(row, "subscriptionId") or ""
    return Held(access_id, ref) if is_id(access_id) and is_id(ref) else None


def _of_reference(rows: Sequence[Row], reference: str) -> Row | None:
    return next((row for row in rows if text(row, "spSubscriptionId") == reference and order_id_of(row)), None)


def _last_part(path: str) -> str | None:
    found = path.rstrip("/").rpartition("/")[2]
    return found if is_id(found) else None


def _whole(answer: Answer) -> Answer:
    return answer


def _rows_or_no_events(answer: Answer) -> list[Row]:
    return [] if answer.status in {404, 501} else answer.rows()
