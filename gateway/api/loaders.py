"""Loads each thing once an operation, and things of a kind together: no question is asked once a row."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Hashable, Iterable, Mapping, Sequence
from functools import cached_property, partial
from typing import Any, TypeVar

from strawberry.dataloader import DataLoader

from gateway.api.bundle_loader import BundleLoader
from gateway.domain.authorizations import Authorization, EnabledFunction
from gateway.domain.billing import Bill, Charge
from gateway.domain.catalog.offerings import Category
from gateway.domain.identity import own_id, provider_id
from gateway.domain.inventory import Product
from gateway.domain.members import Member
from gateway.domain.ordering.bundles import Bundle
from gateway.domain.ordering.orders import Order, OrderItem
from gateway.domain.paging import Page
from gateway.domain.parties import Caller
from gateway.usecases import authorizations, billing, bundles, inventory, ordering
from gateway.usecases.core import Core

T = TypeVar("T")
Owned = tuple[str, str]
"""A customer's id, and the id of a thing of the customer's."""


class Loaders:
    """What one operation has loaded. `keep_…` remembers whose a thing is, for what is asked about it next."""

    def __init__(self, core: Core, caller: Caller) -> None:
        self._core = core
        self._caller = caller
        self._once: dict[Hashable, asyncio.Future[Any]] = {}
        self._items: dict[str, OrderItem] = {}
        self._owners: dict[str, str] = {}

    # Most operations need one of these, or none. None refers to the loaders themselves: so all that an operation has
    # loaded is freed with it.

    @cached_property
    def bundles(self) -> BundleLoader:
        """The parts of bundles."""
        return BundleLoader(self._core)

    @cached_property
    def _products(self) -> DataLoader[Owned, Product | None]:
        return _by_customer(partial(inventory.find_products, self._core, self._caller))

    @cached_property
    def _orders_of_products(self) -> DataLoader[Owned, Order | None]:
        return _by_customer(partial(ordering.orders_of_products, self._core, self._caller))

    @cached_property
    def _lines(self) -> DataLoader[Owned, Sequence[Charge] | None]:
        return _by_customer(partial(_find_lines, self._core, self._caller, self._owners))

    @cached_property
    def _authorizations(self) -> DataLoader[Owned, Sequence[Authorization] | None]:
        return _by_customer(partial(authorizations.authorizations_of, self._core, self._caller))

    @cached_property
    def _enabled_functions(self) -> DataLoader[Owned, Sequence[EnabledFunction] | None]:
        return _by_customer(partial(authorizations.enabled_functions_of, self._core, self._caller))

    def once(self, key: Hashable, load: Callable[[], Awaitable[T]]) -> Awaitable[T]:
        """The same answer for the same key, also for those who ask while it is on its way."""
        if key not in self._once:
            self._once[key] = asyncio.ensure_future(load())
        return self._once[key]

    async def order(self, order_id: str | None) -> Order | None:
        """The order, where the caller may see it."""
        if order_id is None:
            return None
        found = await self.once(("order", order_id), lambda: ordering.find_order(self._core, self._caller, order_id))
        return self.keep_order(found) if found else None

    async def bundle(self, bundle_id: str) -> Bundle | None:
        """The bundle, where the caller may see it."""
        found = await self.once(("bundle", bundle_id), lambda: bundles.find_bundle(self._core, self._caller, bundle_id))
        return self.bundles.keep(found) if found else None

    def keep_order(self, order: Order) -> Order:
        """Remembers its items and whose their products are."""
        for item in order.items:
            self._items[item.id] = item
            if item.product:
                self._owners[item.product.id] = order.customer_id
        return order

    def item(self, item_id: str) -> OrderItem | None:
        """An item of an order that was kept."""
        return self._items.get(item_id)

    def keep_owned(self, customer_id: str, page: Page[T]) -> Page[T]:
        """Remembers whose the rows are."""
        self.keep_owner(customer_id, (edge.node.id for edge in page.edges))  # type: ignore[attr-defined]
        return page

    def keep_owner(self, customer_id: str, ids: Iterable[str]) -> None:
        """Remembers whose these are."""
        self._owners.update(dict.fromkeys(ids, customer_id))

    async def product(self, product_id: str | None) -> Product | None:
        """The product, where it is known whose it is; null where its provider can't be read."""
        owner = self._owners.get(product_id or "")
        return await self._products.load((owner, product_id)) if owner and product_id else None

    async def order_of_product(self, product: Product) -> Order | None:
        """The order that made it."""
        owner = self._owners.get(product.id)
        found = await self._orders_of_products.load((owner, product.id)) if owner else None
        return self.keep_order(found) if found else None

    async def lines(self, bill: Bill) -> Sequence[Charge] | None:
        """The bill's lines; None where its provider can't be read."""
        owner = self._owners.get(bill.id)
        return await self._lines.load((owner, bill.id)) if owner else None

    async def authorizations(self, member: Member) -> list[Authorization] | None:
        """What the member may do, where the caller may see it."""
        found = await self._authorizations.load((member.customer_id, member.actor.id))
        return None if found is None else list(found)

    async def enabled_functions(self, member: Member) -> list[EnabledFunction] | None:
        """What was enabled for the member, where the caller may see it."""
        found = await self._enabled_functions.load((member.customer_id, member.actor.id))
        return None if found is None else list(found)

    def category(self, slug: str) -> Category:
        """The category of that slug, under its slug where no offering has it."""
        return _categories(self._core).get(slug) or Category(own_id("Category", slug), slug, slug)

    def has_category(self, slug: str) -> bool:
        """Whether any offering has it."""
        return slug in _categories(self._core)


async def _find_lines(
    core: Core, caller: Caller, owners: dict[str, str], customer_id: str, ids: Sequence[str]
) -> Mapping[str, Sequence[Charge]]:
    found = await billing.bill_lines(core, caller, customer_id, ids)
    for charge in (charge for charges in found.values() for charge in charges if charge.product_ref):
        owners[provider_id("Product", charge.provider.slug, charge.product_ref or "")] = customer_id
    return found


def _categories(core: Core) -> Mapping[str, Category]:
    return {category.slug: category for offering in core.offerings.all() for category in offering.categories}


def _by_customer(find: Callable[[str, Sequence[str]], Awaitable[Mapping[str, T]]]) -> DataLoader[Owned, T | None]:
    async def load(keys: list[Owned]) -> list[T | None]:
        ids: defaultdict[str, list[str]] = defaultdict(list)
        for customer_id, each in keys:
            ids[customer_id].append(each)
        found = {customer_id: await find(customer_id, of_customer) for customer_id, of_customer in ids.items()}
        return [found[customer_id].get(each) for customer_id, each in keys]

    return DataLoader(load_fn=load)
