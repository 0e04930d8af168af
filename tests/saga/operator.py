"""An operator in memory that gets wrong whatever a test asks it to, and knows what it has done all the same."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from gateway.contract.ordering import OrderRequest, ProviderCancellation, ProviderOrder
from gateway.contract.provider import Provider
from gateway.domain.catalog.providers import ProviderProfile, ProviderRole
from gateway.domain.errors import ContractBroken, OutcomeUnknown, Rejected, Unavailable
from gateway.domain.identity import own_id, provider_id
from gateway.domain.inventory import Product, ProductStatus
from gateway.domain.ordering.states import CancellationState, OrderItemState

T = TypeVar("T")
_NOT_DONE, _DONE = ("away", "deaf"), ("silent", "lost", "nonsense", "leak", "late")
FAULTS = (
    *(("place", fault) for fault in (*_NOT_DONE, *_DONE, "reject")),
    *(("terminate", fault) for fault in (*_NOT_DONE, *_DONE, "reject")),
    *(("cancel", fault) for fault in (*_NOT_DONE, *_DONE)),
    *((read, fault) for read in ("find", "track", "cancellation", "product") for fault in ("away", "silent", "leak")),
    ("track", "nonsense"),
    ("add", "doom"),
    ("delete", "doom"),
)
"""What an operation may meet; `doom` is what becomes of an order with that action in the end."""
# How long the work of a `late` call takes: longer than its answer is waited for, and no longer than is declared.
LATE_S, SETTLES_S = 19.0, 20.0


@dataclass
class Entry:
    """One order at the operator."""

    ref: str
    key: str
    action: str
    state: OrderItemState = OrderItemState.IN_PROGRESS
    product: str | None = None
    cancellation: CancellationState | None = None
    is_doomed: bool = False


@dataclass
class Operator:
    """Its adapter is `provider`. What it promised is delivered by `deliver`, and never before.

    `honours_keys`: the same key again is the same order. `cancels`: what it answers who wants to cancel.
    `activates_late`: what it delivers is active at the next delivery only.
    """

    slug: str
    honours_keys: bool = True
    cancels: CancellationState = CancellationState.DONE
    activates_late: bool = False
    orders: dict[str, Entry] = field(default_factory=dict)
    products: dict[str, ProductStatus] = field(default_factory=dict)
    made: Counter[str] = field(default_factory=Counter)
    faults: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    has_refused: bool = False

    @property
    def profile(self) -> ProviderProfile:
        roles = (ProviderRole.SERVICE_PROVIDER,)
        return ProviderProfile(own_id("Provider", self.slug), self.slug, self.slug.title(), roles)

    @property
    def provider(self) -> Provider:
        return Provider(
            self.profile,
            ordering=self,
            inventory=_Products(self),
            honours_keys=self.honours_keys,
            settles_after_s=SETTLES_S,
        )

    # What it is asked.

    async def place(self, request: OrderRequest) -> ProviderOrder:
        return await self._change("place", lambda: self._shown(self._made(request.key, "add")))

    async def terminate(self, product_ref: str, key: str, party: str) -> ProviderOrder:
        return await self._change("terminate", lambda: self._shown(self._made(key, "delete", product_ref)))

    async def find(self, key: str) -> ProviderOrder | None:
        found = next((each for each in self.orders.values() if each.key == key), None)
        return await self._answer("find", lambda: None if found is None else self._shown(found))

    async def track(self, ref: str) -> ProviderOrder:
        return await self._answer("track", lambda: self._shown(self.orders[ref]))

    async def cancel(self, ref: str, key: str, reason: str | None) -> ProviderCancellation:
        return await self._change("cancel", lambda: self._cancelled(self.orders[ref]))

    async def cancellation(self, ref: str) -> ProviderCancellation | None:
        state = self.orders[ref].cancellation
        found = None if state is None else ProviderCancellation(f"c-{ref}", state)
        return await self._answer("cancellation", lambda: found)

    async def product(self, ref: str) -> Product | None:
        status = self.products[ref]
        shown = Product(
            provider_id("Product", self.slug, ref), ref, self.profile, ref, None, status, status.lower(), None
        )
        return await self._answer("product", lambda: shown)

    # What it does.

    def deliver(self) -> None:
        """All that is due, one stage further."""
        for ref, status in self.products.items():
            if status is ProductStatus.PENDING_ACTIVE:
                self.products[ref] = ProductStatus.ACTIVE
        for entry in self.orders.values():
            if entry.state is OrderItemState.IN_PROGRESS:
                self._deliver(entry)

    def _deliver(self, entry: Entry) -> None:
        if entry.cancellation is CancellationState.IN_PROGRESS:
            entry.cancellation, entry.state = CancellationState.DONE, OrderItemState.CANCELLED
        elif entry.is_doomed:
            entry.state, self.has_refused = OrderItemState.FAILED, True
        elif entry.action == "delete" and entry.product is not None:
            entry.state, self.products[entry.product] = OrderItemState.COMPLETED, ProductStatus.TERMINATED
        else:
            entry.state, entry.product = OrderItemState.COMPLETED, f"p-{entry.ref}"
            self.products[entry.product] = ProductStatus.PENDING_ACTIVE if self.activates_late else ProductStatus.ACTIVE

    def fails(self, operation: str, fault: str, times: int = 1) -> None:
        """Its next calls of that operation meet the fault."""
        self.faults[operation] += [fault] * times

    def mend(self) -> None:
        """Nothing goes wrong from now on, but for what is doomed already."""
        self.faults.clear()
        self.cancels, self.activates_late = CancellationState.DONE, False

    def left(self, keys: str) -> list[str]:
        """What it has of the item whose keys begin so: orders that go on, and products that are not gone."""
        mine = [each for each in self.orders.values() if each.key.startswith(keys) and each.action == "add"]
        going = [each.ref for each in mine if each.state is OrderItemState.IN_PROGRESS]
        held = [each.product for each in mine if each.product is not None]
        return going + [each for each in held if self.products[each] is not ProductStatus.TERMINATED]

    def active(self, keys: str) -> int:
        """How many active products the item has whose keys begin so."""
        return sum(self.products.get(each) is ProductStatus.ACTIVE for each in self.left(keys))

    def _made(self, key: str, action: str, product: str | None = None) -> Entry:
        known = next((each for each in self.orders.values() if each.key == key), None)
        if known is not None and self.honours_keys:
            return known
        if product is not None and self.products[product] is ProductStatus.TERMINATED:
            raise Rejected(self.slug, "ordering", "it is gone")
        self.made[key] += 1
        ref = f"{self.slug}-{len(self.orders) + 1}"
        self.orders[ref] = entry = Entry(ref, key, action, product=product, is_doomed=self._is_met(action, "doom"))
        return entry

    def _cancelled(self, entry: Entry) -> ProviderCancellation:
        if entry.cancellation is None or entry.cancellation is CancellationState.REFUSED:
            is_open = entry.state is OrderItemState.IN_PROGRESS
            entry.cancellation = self.cancels if is_open else CancellationState.REFUSED
            if is_open and entry.cancellation is CancellationState.DONE:
                entry.state = OrderItemState.CANCELLED
        return ProviderCancellation(f"c-{entry.ref}", entry.cancellation)

    def _shown(self, entry: Entry) -> ProviderOrder:
        is_made = entry.state is OrderItemState.COMPLETED
        return ProviderOrder(entry.ref, entry.key, entry.state, entry.state.lower(), entry.product if is_made else None)

    def _is_met(self, operation: str, fault: str) -> bool:
        if self.faults[operation][:1] != [fault]:
            return False
        self.faults[operation].pop(0)
        return True

    # How it answers.

    async def _answer(self, operation: str, answer: Callable[[], T]) -> T:
        fault = self.faults[operation].pop(0) if self.faults[operation] else ""
        if fault == "away":
            raise Unavailable(self.slug, "ordering", "told to be away")
        if fault in {"silent", "deaf"}:
            await asyncio.Event().wait()
        if fault == "nonsense":
            raise ContractBroken(self.slug, "ordering", "told to make no sense")
        if fault == "leak":
            raise KeyError("told to leak")
        return answer()

    async def _change(self, operation: str, work: Callable[[], T]) -> T:
        fault = self.faults[operation].pop(0) if self.faults[operation] else ""
        if fault == "away":
            raise Unavailable(self.slug, "ordering", "told to be away")
        if fault == "reject":
            self.has_refused = True
            raise Rejected(self.slug, "ordering", "told to say no")
        if fault == "late":
            asyncio.get_running_loop().call_later(LATE_S, work)
        if fault in {"late", "deaf"}:
            await asyncio.Event().wait()
        done = work()
        return await _told(self.slug, fault, done)


async def _told(slug: str, fault: str, done: T) -> T:
    """How the answer to a change that was made gets lost."""
    if fault == "silent":
        await asyncio.Event().wait()
    if fault == "lost":
        raise OutcomeUnknown(slug, "ordering", "told to lose the answer")
    if fault == "nonsense":
        raise ContractBroken(slug, "ordering", "told to make no sense")
    if fault == "leak":
        raise KeyError("told to leak")
    return done


@dataclass(frozen=True)
class _Products:
    operator: Operator

    async def product(self, ref: str) -> Product | None:
        return await self.operator.product(ref)

    async def products(self, party: str) -> Sequence[Product]:
        return ()
