"""Places, follows, cancels and finds orders.

Source: TMF622 v4.0 and v5.0, ProductOrder and CancelProductOrder; the README.
"""

from collections.abc import Mapping
from dataclasses import replace
from http import HTTPStatus
from typing import Any

from gateway.contract import (
    ContractBroken,
    OrderItemState,
    OrderRequest,
    ProviderCancellation,
    ProviderOrder,
    Rejected,
)
from gateway.kit import Answer, Area, Misshapen
from gateway.kit.trouble import Intent
from providers.tmforum.cancelling import CancelPatches, CancelTasks
from providers.tmforum.context import Reading
from providers.tmforum.listing import Listing, read_all
from providers.tmforum.notes import last_milestone, reason_of
from providers.tmforum.profiles import CancelBy
from providers.tmforum.reading import Row, in_path, moment, parts, reference, reference_in, text
from providers.tmforum.requests import end_of, keys_of, order_of
from providers.tmforum.states import item_state

ORDERS = "productOrder"
CONFLICT = frozenset({int(HTTPStatus.CONFLICT)})


class TmForumOrdering:
    """See contract.Ordering. The key goes out twice, in `externalId` and as `Idempotency-Key`."""

    def __init__(self, area: Area, reading: Reading) -> None:
        self._area = area
        self._reading = reading
        self._profile = reading.profiles.ordering
        is_task = reading.options.cancel_by is CancelBy.TASK
        self._cancelling = CancelTasks(area, reading) if is_task else CancelPatches(area, reading)

    async def place(self, request: OrderRequest) -> ProviderOrder:
        """Orders one item. A 409 may say that the key is known: then the order of that key is the answer."""
        return await self._send(request.key, order_of(request, self._profile))

    async def terminate(self, product_ref: str, key: str, party: str) -> ProviderOrder:
        """Orders the deletion of the product."""
        return await self._send(key, end_of(product_ref, key, party, self._profile))

    async def find(self, key: str) -> ProviderOrder | None:
        """Asks by the key, and checks each row again: a provider may ignore the filter.

        Raises: ContractBroken where no row has the key and the list can't be trusted: rows lack, or none shows a key.
        """
        listing = await self._list(ORDERS, {self._profile.key_filter: key})
        for row in listing.rows:
            if key in keys_of(row):
                return self._readable(row)
        shows_keys = not listing.rows or any(keys_of(row) for row in listing.rows)
        if not listing.is_complete or not shows_keys:
            raise self._broken("the list of orders can't tell whether the key is known")
        return None

    async def track(self, ref: str) -> ProviderOrder:
        """Reads the order."""
        row = await self._area.find(f"{ORDERS}/{in_path(ref)}", Answer.row)
        if row is None:
            raise self._broken(f"the order {ref!r} is gone")
        return self._readable(row)

    async def cancel(self, ref: str, key: str, reason: str | None) -> ProviderCancellation:
        """Asks for it, in the provider's way."""
        return await self._cancelling.cancel(ref, key, reason)

    async def cancellation(self, ref: str) -> ProviderCancellation | None:
        """Looks for it, in the provider's way."""
        return await self._cancelling.cancellation(ref)

    async def _send(self, key: str, body: Mapping[str, Any]) -> ProviderOrder:
        def read(answer: Answer) -> Answer | ProviderOrder:
            return answer if answer.status in CONFLICT else self._made(answer.row(), key)

        reply = await self._area.send(ORDERS, self._reading.body(body), read, key, CONFLICT)
        if isinstance(reply, ProviderOrder):
            return reply
        known = await self.find(key)
        if known is None:
            raise self._refusal(reply)
        return known

    async def _list(self, path: str, params: Mapping[str, str]) -> Listing:
        return await read_all(self._area, path, self._reading.options.page_size, params)

    def _order(self, row: Row) -> ProviderOrder:
        """Raises: Misshapen for one without an id."""
        items = parts(row, "productOrderItem")
        item = items[0] if items else {}
        state, raw = item_state(text(row, "state"), text(item, "state"))
        zone, keys = self._reading.zone, keys_of(row)
        reason, words = reason_of(row, item, state, zone)
        return ProviderOrder(
            ref=reference(row),
            key=keys[0] if keys else None,
            state=state,
            provider_state=raw,
            product_ref=reference_in(item, "product"),
            expected_completion_at=moment(row, "expectedCompletionDate", zone) or last_milestone(row, zone),
            reason=reason,
            text=words,
        )

    def _made(self, row: Row, key: str) -> ProviderOrder:
        """Raises: Misshapen for what is not the order of that key, so that it is looked for.

        A wrong reference would be followed for ever.
        """
        order, keys = self._order(row), keys_of(row)
        is_one = isinstance(row.get("state"), str) or bool(parts(row, "productOrderItem"))
        if key not in keys and (keys or not is_one):
            raise Misshapen("not the order that was sent")
        # Some servers answer what they made without a state: it is no further than taken in.
        return order if order.provider_state else replace(order, state=OrderItemState.ACKNOWLEDGED)

    def _readable(self, row: Row) -> ProviderOrder:
        try:
            return self._order(row)
        except Misshapen as error:
            raise self._broken(str(error)) from None

    def _refusal(self, answer: Answer) -> Rejected:
        return self._area.trouble(Intent.CHANGE).refused(answer)

    def _broken(self, detail: str) -> ContractBroken:
        return ContractBroken(self._reading.profile.slug, self._area.capability, detail)
