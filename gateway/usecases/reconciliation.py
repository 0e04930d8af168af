"""Compares what we keep with what the providers keep, and changes nothing on either side.

A gateway may be at work meanwhile, so a difference counts only where a second look, after a while, finds it again.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field

from gateway.contract.ordering import Ordering
from gateway.contract.provider import Provider
from gateway.domain.errors import ContractBroken, NotOffered, ProviderError, Unavailable
from gateway.domain.ordering.orders import OrderItem
from gateway.domain.ordering.reconciliation import (
    Difference,
    order_difference,
    product_differences,
    unknown_order,
)
from gateway.domain.ordering.states import ItemPhase, OrderItemState
from gateway.domain.parties import ProviderAccount
from gateway.federation.directory import Directory
from gateway.ports import Storage
from gateway.ports.reconciliation import KeptItem
from gateway.ports.steps import StepRecord
from gateway.saga.plan import Step

PAGE = 100
# So many accounts of a provider are compared at once; a provider's own limits bound the calls besides.
AT_ONCE = 4
NOT_CONNECTED = "NOT_CONNECTED"
_SENT = frozenset({Step.PLACE, Step.REMOVE})
_ARRIVED = "PLACED"


@dataclass(slots=True)
class ComparedProvider:
    """What was compared at one provider. `unasked` is why some of it could not be, None where all of it was."""

    slug: str
    accounts: int = 0
    orders: int = 0
    products: int = 0
    differences: list[Difference] = field(default_factory=list)
    unasked: str | None = None


async def reconcile(
    storage: Storage, directory: Directory, only: str | None, pause: Callable[[], Awaitable[None]]
) -> Sequence[ComparedProvider]:
    """Every provider where a customer has an account, or that one, side by side; in the order of their slugs.

    `pause` is waited for between the two looks, where the first found a difference.
    """
    async with storage.reading() as unit:
        slugs = [slug for slug in await unit.reconciliation.providers() if only in {None, slug}]
    looks = [_Comparison(storage, directory.provider(slug), slug) for slug in slugs]
    async with asyncio.TaskGroup() as group:
        for each in looks:
            group.create_task(each.look())
    if any(each.doubtful for each in looks):
        await pause()
    async with asyncio.TaskGroup() as group:
        for each in looks:
            group.create_task(each.look_again())
    return [each.compared for each in looks]


class _Comparison:
    """One provider's. The first error that says that it can't be asked ends it; one account's trouble does not."""

    def __init__(self, storage: Storage, provider: Provider | None, slug: str) -> None:
        self.compared = ComparedProvider(slug)
        self.doubtful: dict[ProviderAccount, list[Difference]] = {}
        self._storage = storage
        self._provider = provider
        self._is_away: bool = provider is None
        if provider is None:
            self.compared.unasked = NOT_CONNECTED

    async def look(self) -> None:
        after: ProviderAccount | None = None
        while not self._is_away:
            async with self._storage.reading() as unit:
                page = await unit.reconciliation.accounts(self.compared.slug, PAGE, after)
            await self._each(page, self._first)
            if len(page) < PAGE:
                return
            after = page[-1]

    async def look_again(self) -> None:
        await self._each([*self.doubtful], self._second)
        self.compared.differences.sort(key=lambda each: (each.party, each.kind, each.ref))

    async def _first(self, account: ProviderAccount) -> None:
        seen = await self._differences(account)
        self.compared.accounts += 1
        self.compared.orders += seen.orders
        self.compared.products += seen.products
        if seen.differences:
            self.doubtful[account] = seen.differences

    async def _second(self, account: ProviderAccount) -> None:
        again = (await self._differences(account)).differences
        seen = {(each.kind, each.ref) for each in self.doubtful[account]}
        self.compared.differences += [each for each in again if (each.kind, each.ref) in seen]

    async def _each(
        self, accounts: Sequence[ProviderAccount], work: Callable[[ProviderAccount], Awaitable[None]]
    ) -> None:
        places = asyncio.Semaphore(AT_ONCE)

        async def one(account: ProviderAccount) -> None:
            async with places:
                if self._is_away:
                    return
                try:
                    await work(account)
                except ProviderError as error:
                    self.compared.unasked = self.compared.unasked or error.code
                    if isinstance(error, Unavailable):
                        self._is_away = True

        async with asyncio.TaskGroup() as group:
            for account in accounts:
                group.create_task(one(account))

    async def _differences(self, account: ProviderAccount) -> "_Seen":
        assert self._provider is not None  # noqa: S101 else nothing is looked at
        seen, kept = _Seen(), await self._items(account)
        unknown: set[str] = set()
        if (ordering := self._provider.ordering) is not None:
            for each in kept:
                if each.item.party == account.ref:
                    await _compare_orders(ordering, each, seen, unknown)
        if (inventory := self._provider.inventory) is not None:
            products = await inventory.products(account.ref)
            seen.products = len(products)
            seen.differences += product_differences(account, [each.item for each in kept], products, unknown)
        return seen

    async def _items(self, account: ProviderAccount) -> list[KeptItem]:
        found: list[KeptItem] = []
        while True:
            after = found[-1].item.id if found else None
            async with self._storage.reading() as unit:
                page = await unit.reconciliation.items(account.customer_id, account.provider, PAGE, after)
            found += page
            if len(page) < PAGE:
                return found


@dataclass(slots=True)
class _Seen:
    """One account at one moment."""

    orders: int = 0
    products: int = 0
    differences: list[Difference] = field(default_factory=list)


async def _compare_orders(ordering: Ordering, kept: KeptItem, seen: _Seen, unknown: set[str]) -> None:
    item = kept.item
    for step, ref in ((Step.PLACE, item.order_ref), (Step.REMOVE, item.removal_ref)):
        if ref is not None:
            seen.orders += 1
            different = order_difference(item, ref, await _state(ordering, ref, item.key(step)))
            seen.differences += [different] if different else []
    for key in _doubtful_keys(kept):
        seen.orders += 1
        await _look_by_key(ordering, item, key, seen, unknown)


def _doubtful_keys(kept: KeptItem) -> Iterable[str]:
    """Those that may have made an order that we do not know, each once.

    An item that was given up unsent may have been sent after all: before the database was set back to an older copy.
    """
    item = kept.item
    sent = [record.key for record in kept.steps if _may_have_arrived(record)]
    is_unsent = item.phase is ItemPhase.ENDED and item.order_ref is None
    return dict.fromkeys([*sent, item.key(Step.PLACE)] if is_unsent else sent)


def _may_have_arrived(record: StepRecord) -> bool:
    """Whether a call was sent of which no order is known."""
    return record.step in _SENT and record.outcome != _ARRIVED


async def _look_by_key(ordering: Ordering, item: OrderItem, key: str, seen: _Seen, unknown: set[str]) -> None:
    try:
        found = await ordering.find(key)
    except NotOffered:
        return
    if found is not None and found.ref not in {item.order_ref, item.removal_ref}:
        different = unknown_order(item, found.ref, found.state)
        seen.differences += [different] if different else []
        unknown.add(found.ref)


async def _state(ordering: Ordering, ref: str, key: str) -> OrderItemState | None:
    """The order's state there, None where there is none.

    An order that is gone reads as one whose answer makes no sense: only where its key finds it, either, it is there.
    """
    try:
        return (await ordering.track(ref)).state
    except ContractBroken:
        found = await ordering.find(key)
        return found.state if found and found.ref == ref else None
