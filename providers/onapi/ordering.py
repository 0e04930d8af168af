"""Places, follows, cancels and finds orders; suspends, resumes, changes what they made. Source: ON-API 2.6, orders."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from gateway.contract import (
    CancellationState,
    ContractBroken,
    OrderItemState,
    OrderRequest,
    Place,
    ProviderCancellation,
    ProviderOrder,
    Rejected,
)
from providers.onapi.activation import Activation, activation_of
from providers.onapi.context import Reading
from providers.onapi.forms import characteristics_of
from providers.onapi.orders import CANCEL_REFUSALS, GONE, Operation, OrderDesk, Reply, held_in, order_id_of
from providers.onapi.premises import Obstacle, PremisesServices
from providers.onapi.reading import Row, text
from providers.onapi.references import reference_of
from providers.onapi.states import SUCCESS
from providers.onapi.subscriptions import Held, subscription

# Of outlets that somebody else took meanwhile.
MOST_TRIES = 8
CANCELLED_KEPT = 10_000
# Events are told from the next second on. Source: ON-API 2.6, events.
EVENTS_SETTLE_S = 1.1
# In the place of an order's ID, where the network made none: what was ordered was so already.
ACTIVE, ENDED = "active", "ended"


class OnApiOrdering:
    """See contract.Ordering; beside it, what an order can do to a subscription."""

    def __init__(self, desk: OrderDesk, premises: PremisesServices, reading: Reading) -> None:
        self._desk = desk
        self._premises = premises
        self._reading = reading
        self._cancelled: dict[str, None] = {}

    async def place(self, request: OrderRequest) -> ProviderOrder:
        """Activates the service at a free outlet of the place.

        It looks for the key first: the same order at another outlet would be a second one.
        """
        known = await self.find(request.key)
        if known is not None:
            return known
        refusals: list[Rejected] = []
        later: list[Activation] = []
        async for outlet in self._premises.offered(await self._outlets(request)):
            activation = activation_of(request, outlet, self._reading)
            if activation is not None and not activation.is_now:
                later.append(activation)
            elif activation is not None and (placed := await self._tried(activation, refusals)) is not None:
                return placed
            if len(refusals) == MOST_TRIES:
                break
        if later and not refusals and (placed := await self._tried(later[0], refusals)) is not None:
            return placed
        nothing = Rejected(*self._named, "the service can't be had at the place", "SERVICE_NOT_AVAILABLE")
        raise refusals[-1] if refusals else nothing

    async def find(self, key: str) -> ProviderOrder | None:
        """By our reference of the key."""
        row, held = await self._desk.by_key(key)
        if row is not None:
            return self._desk.read(row, order_id_of(row) or "", key, held)
        return None if held is None else _so_already(ACTIVE, held, key)

    async def track(self, ref: str) -> ProviderOrder:
        """Reads the order. One that is gone was cancelled, where this process or an event of the network's says so."""
        kind, _, rest = ref.partition("/")
        if rest and (held := Held.of(rest)) is not None:
            return await self._as_it_is(kind, held)
        row = await self._desk.one(ref)
        if row is None:
            await self._require_deleted(ref)
            return ProviderOrder(ref, None, OrderItemState.CANCELLED, "DELETED")
        return self._desk.read(row, ref, held=await self._subscription_of(row))

    async def cancel(self, ref: str, key: str, reason: str | None) -> ProviderCancellation:
        """Deletes the order, which the network allows while it is RECEIVED. The API takes no reason."""
        if "/" in ref:
            return ProviderCancellation(ref, CancellationState.REFUSED, text="it was so already")
        answer = await self._desk.delete(ref)
        if answer.status in CANCEL_REFUSALS:
            refusal = self._desk.refused(answer)
            return ProviderCancellation(ref, CancellationState.REFUSED, refusal.reason, refusal.detail)
        if answer.status in GONE:
            await self._require_deleted(ref)
        self._remember(ref)
        return ProviderCancellation(ref, CancellationState.DONE)

    async def cancellation(self, ref: str) -> ProviderCancellation | None:
        """An order that is there was not cancelled; a refusal leaves no trace."""
        if "/" in ref or await self._desk.one(ref) is not None:
            return None
        await self._require_deleted(ref)
        return ProviderCancellation(ref, CancellationState.DONE)

    async def terminate(self, product_ref: str, key: str, party: str) -> ProviderOrder:
        """Deactivates; a subscription that is ended, or about to be, is answered as that."""
        known = await self.find(key)
        return known or await self._change(Operation.DEACTIVATE, product_ref, key)

    async def suspend(self, product_ref: str, key: str, note: str | None = None) -> ProviderOrder:
        """Blocks the subscription for a while; `note` is for the customer. Raises: as `terminate`."""
        return await self._change(Operation.SUSPEND, product_ref, key, externalNote=note)

    async def resume(self, product_ref: str, key: str) -> ProviderOrder:
        """Takes the suspension back. Raises: as `terminate`."""
        return await self._change(Operation.RESUME, product_ref, key)

    async def change(self, product_ref: str, key: str, offering_ref: str) -> ProviderOrder:
        """Puts another service in the place of this one. Raises: as `terminate`."""
        return await self._change(Operation.CHANGE, product_ref, key, service=offering_ref)

    async def modify(
        self, product_ref: str, party: str | None = None, values: Mapping[str, Sequence[str]] | None = None
    ) -> ProviderOrder:
        """Gives the subscription to another party, or fills in its form anew. Raises: as `terminate`.

        Without a key: here a reference would become the subscription's own.
        """
        reference = None if party is None else reference_of(party)
        form = characteristics_of(values or {})
        return await self._change(Operation.MODIFY, product_ref, None, spReference=reference, characteristics=form)

    async def _outlets(self, request: OrderRequest) -> Sequence[Any]:
        if request.quantity != 1:
            raise Rejected(*self._named, "an access has one of a service", "QUANTITY_NOT_OFFERED")
        place: Place | None = request.place
        if place is None:
            raise Rejected(*self._named, "no place", "PLACE_REQUIRED")
        found = await self._premises.outlets(place)
        if isinstance(found, Obstacle):
            raise Rejected(*self._named, "nothing can be had at the place", found.code)
        return found

    async def _tried(self, activation: Activation, refusals: list[Rejected]) -> ProviderOrder | None:
        try:
            return await self._activate(activation)
        except Rejected as error:
            refusals.append(error)
            return None

    async def _activate(self, activation: Activation) -> ProviderOrder:
        """Raises: Rejected also where the service is there, or on its way, for somebody else."""
        reply = await self._desk.send(Operation.ACTIVATE, activation.fields)
        if reply.is_new:
            return self._desk.read(reply.row, reply.order_id or "", activation.key)
        if reply.order_id is None:
            held = await self._desk.made_by(activation.access_id, activation.reference)
            if held is not None:
                return _so_already(ACTIVE, held, activation.key)
        else:
            row = await self._desk.one(reply.order_id)
            if row is not None and text(row, "spSubscriptionId") == activation.reference:
                return self._desk.read(row, reply.order_id, activation.key)
        raise Rejected(*self._named, "the service is there for somebody else", "SERVICE_TAKEN")

    async def _change(self, operation: Operation, product_ref: str, key: str | None, **fields: Any) -> ProviderOrder:
        held = Held.of(product_ref)
        if held is None:
            raise Rejected(*self._named, f"no subscription {product_ref!r}", "PRODUCT_UNKNOWN")
        reply: Reply = await self._desk.on_subscription(operation, held, key, **fields)
        if reply.order_id is None:
            return _so_already(ENDED if operation is Operation.DEACTIVATE else ACTIVE, held, key)
        return self._desk.read(reply.row, reply.order_id, key, held)

    async def _as_it_is(self, kind: str, held: Held) -> ProviderOrder:
        is_there = await subscription(held, self._desk.area) is not None
        if kind not in {ACTIVE, ENDED} or is_there is (kind == ENDED):
            raise self._broken(f"the subscription {held} is not {kind} any more")
        return _so_already(kind, held, None)

    async def _subscription_of(self, row: Row) -> Held | None:
        """Looked for by our reference where an order that is done does not name it."""
        named, reference = held_in(row), text(row, "spSubscriptionId")
        access_id = text(row, "accessId")
        is_made = text(row, "state") == SUCCESS and text(row, "operation") == Operation.ACTIVATE
        if named is not None or not is_made or reference is None or access_id is None:
            return named
        return await self._desk.made_by(access_id, reference)

    async def _require_deleted(self, ref: str) -> None:
        """Nobody else can tell an order that was cancelled from one that the network has forgotten."""
        if ref in self._cancelled or await self._desk.is_told_deleted(ref):
            return
        await asyncio.sleep(EVENTS_SETTLE_S)
        if not await self._desk.is_told_deleted(ref):
            raise self._broken(f"the order {ref!r} is gone, and no event says that it was deleted")

    def _remember(self, ref: str) -> None:
        self._cancelled[ref] = None
        if len(self._cancelled) > CANCELLED_KEPT:
            del self._cancelled[next(iter(self._cancelled))]

    @property
    def _named(self) -> tuple[str, str]:
        return self._reading.profile.slug, self._desk.area.capability

    def _broken(self, detail: str) -> ContractBroken:
        return ContractBroken(*self._named, detail)


def _so_already(kind: str, held: Held, key: str | None) -> ProviderOrder:
    return ProviderOrder(f"{kind}/{held}", key, OrderItemState.COMPLETED, SUCCESS, str(held))
