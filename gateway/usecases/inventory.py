"""What a customer holds, from every provider where it has an account."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from gateway.contract.inventory import Inventory
from gateway.contract.provider import Provider
from gateway.domain.catalog.offerings import Characteristic, ProductOffering
from gateway.domain.errors import NotOffered
from gateway.domain.inventory import Product
from gateway.domain.paging import Page
from gateway.domain.parties import Caller, SelfServiceFunction
from gateway.federation.gather import Gathered, gather
from gateway.usecases import policy
from gateway.usecases.core import Core
from gateway.usecases.cursors import Key
from gateway.usecases.held_pages import HeldListing, newest_first
from gateway.usecases.holdings import ask_each, flat, parties_of, refs_by_provider
from gateway.usecases.scopes import thing_held

INVENTORY = "inventory"
_SEE = SelfServiceFunction.SEE_PRODUCTS


async def list_products(
    core: Core, caller: Caller, customer_id: str, first: int | None, after: str | None
) -> Page[Product]:
    """All products in whatever state, also those not ordered here; newest first, ties by provider and reference.

    A member with narrower scopes gets the products in these alone.
    Raises: AccessError, RequestError NOT_FOUND, PAGE_SIZE, BAD_CURSOR.
    """
    policy.require_some(caller, customer_id, _SEE)
    listing = HeldListing(core, "products", customer_id, first, after)
    parties = await parties_of(core, customer_id)
    gathered = await ask_each(core, parties, inventory_of, INVENTORY, held_products)
    page = listing.page(_seen(core, caller, customer_id, gathered), _key)
    return replace(page, edges=tuple(replace(edge, node=_described(core, edge.node)) for edge in page.edges))


async def find_products(
    core: Core, caller: Caller, customer_id: str, product_ids: Sequence[str]
) -> Mapping[str, Product]:
    """Those of these products that are the customer's, by global id; none for who may not see them.

    One of a provider that does not answer is left out, too. One read for a provider, however many are asked for.
    """
    if not policy.can_some(caller, customer_id, _SEE):
        return {}
    parties = await parties_of(core, customer_id)
    wanted = refs_by_provider("Product", product_ids, parties)
    single = {slug: refs[0] for slug, refs in wanted.items() if len(refs) == 1}
    several = {slug: parties[slug] for slug in wanted if slug not in single}
    found, gathered = await asyncio.gather(
        _read_single(core, single), ask_each(core, several, inventory_of, INVENTORY, held_products)
    )
    own = [each for each in found if each.party in parties[each.provider.slug]]
    asked = set(product_ids)
    seen = _filtered(core, caller, customer_id, (each for each in (*own, *flat(gathered)) if each.id in asked))
    return {each.id: _described(core, each) for each in seen}


def _seen(
    core: Core, caller: Caller, customer_id: str, gathered: Gathered[tuple[Product, ...]]
) -> Gathered[tuple[Product, ...]]:
    if policy.can(caller, customer_id, _SEE):
        return gathered
    rows = tuple((profile, _filtered(core, caller, customer_id, found)) for profile, found in gathered.rows)
    return replace(gathered, rows=rows)


def _filtered(core: Core, caller: Caller, customer_id: str, products: Iterable[Product]) -> tuple[Product, ...]:
    return tuple(each for each in products if policy.can_on(caller, customer_id, _SEE, thing_held(core, each)))


async def _read_single(core: Core, refs: Mapping[str, str]) -> Sequence[Product]:
    async def ask(provider: Provider) -> Product | None:
        if provider.inventory is None:
            raise NotOffered(provider.profile.slug, INVENTORY)
        return await provider.inventory.product(refs[provider.profile.slug])

    providers = [found for slug in sorted(refs) if (found := core.directory.provider(slug)) is not None]
    gathered = await gather(providers, ask, core.clock)
    return [product for _, product in gathered.rows if product is not None]


def inventory_of(provider: Provider) -> Inventory | None:
    """The provider's capability, to be asked by `ask_each`."""
    return provider.inventory


async def held_products(inventory: Inventory, party: str) -> Sequence[Product]:
    """All that the party holds there, to be read by `ask_each`."""
    return await inventory.products(party)


def _key(product: Product) -> Key:
    return newest_first(product, product.started_at)


def _described(core: Core, product: Product) -> Product:
    """With the role of its offering, and the offering's labels and units of what it is and has."""
    offering = core.offerings.get(product.offering_id) if product.offering_id else None
    if offering is None:
        return product
    words = _words_of(offering)
    characteristics = tuple(_labelled(each, words.get(each.name)) for each in product.characteristics)
    return replace(product, role=offering.role, characteristics=characteristics)


def _words_of(offering: ProductOffering) -> Mapping[str, tuple[str, str | None]]:
    fields = {field.key: (field.label, field.unit) for field in offering.fields}
    return fields | {each.name: (each.label, each.unit) for each in offering.characteristics}


def _labelled(characteristic: Characteristic, words: tuple[str, str | None] | None) -> Characteristic:
    if words is None:
        return characteristic
    return replace(characteristic, label=words[0], unit=characteristic.unit or words[1])
