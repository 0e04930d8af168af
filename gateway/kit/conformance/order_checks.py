"""What is promised of orders: each check places one, and leaves it at the provider."""

from uuid import uuid4

from gateway.contract import (
    CancellationState,
    OrderItemState,
    ProductStatus,
    Provider,
    ProviderOrder,
    Rejected,
    provider_id,
)
from gateway.federation.checking import NOWHERE, check, required, unless, unless_offsets
from gateway.kit.conformance.bench import Bench

LIVE = frozenset({CancellationState.ACKNOWLEDGED, CancellationState.IN_PROGRESS, CancellationState.DONE})


async def _delivered(bench: Bench, provider: Provider, party: str | None = None) -> ProviderOrder:
    request = bench.request()
    placed = await required(provider.ordering).place(bench.like(request, party=party or request.party))
    return await bench.settled(provider, placed.ref)


@check(
    "ordering.once",
    "Send the key with the order (a field of the order, or `Idempotency-Key`); where the provider refuses a key that it"
    " knows, find the order by it and answer that.",
    changes=True,
)
async def once(bench: Bench) -> str:
    """The same key twice orders once, and the order is found by it."""
    request = bench.request()
    async with bench.connected() as provider:
        ordering = required(provider.ordering)
        first, second = await ordering.place(request), await ordering.place(request)
        found = await ordering.find(request.key)
        unless(first.ref == second.ref, "the same key made two orders", first.ref, second.ref)
        unless(found is not None and found.ref == first.ref, "the order is not found by its key")
        unless({first.key, second.key} <= {request.key, None}, "an order has another key than it was placed with")
        unless(await ordering.find(request.key + "0") is None, "an order by a key that begins alike")
        unless_offsets(first, second, found)
    return "one order"


@check("ordering.restart", "Keep nothing in memory that following an order needs: the reference is all.", changes=True)
async def restart(bench: Bench) -> str:
    """An order is followed to its end, and found by its key, over a new connection."""
    request = bench.request()
    async with bench.connected() as provider:
        placed = await required(provider.ordering).place(request)
    async with bench.connected() as provider:
        found = await required(provider.ordering).find(request.key)
        ended = await bench.settled(provider, placed.ref)
    unless(found is not None and found.ref == placed.ref, "the order is not found by its key")
    unless(ended.ref == placed.ref, "another order is followed")
    return ended.state


@check(
    "ordering.delivery",
    "Give the finished order its `product_ref`, and the product its status, its party and the order's reference.",
    ("ordering", "inventory"),
    changes=True,
)
async def delivery(bench: Bench) -> str:
    """A completed order has one product, which is active, and the party's."""
    party = bench.party
    async with bench.connected() as provider:
        order = await _delivered(bench, provider, party)
        inventory = required(provider.inventory)
        product = await inventory.product(order.product_ref or "")
        listed = await inventory.products(party)
    unless(order.state is OrderItemState.COMPLETED, f"the order ended {order.state}", order.reason, order.text)
    unless(product is not None, "there is no product of the order's `product_ref`")
    if product is not None:
        slug, offering = bench.declared.slug, bench.wanted.offering or ""
        unless(product.status is ProductStatus.ACTIVE, f"the product is {product.status}", product.provider_status)
        unless(product.party == party, "the product is another party's, or nobody's", product.party)
        unless(product.id == provider_id("Product", slug, product.ref), "the product's id is not its reference's")
        unless(
            product.offering_id == provider_id("ProductOffering", slug, offering), "the product is of another offering"
        )
        unless(order.ref in product.order_refs, "the product does not name the order that made it")
        unless(product.ref in [each.ref for each in listed], "the product is not among those of the party")
    unless(all(each.party for each in listed), "a product does not say whose it is")
    unless_offsets(order, product, *listed)
    return "an active product"


@check(
    "ordering.termination",
    "Order the end of the product with the key, as any order; let the product end when that order is complete.",
    ("ordering", "inventory"),
    changes=True,
)
async def termination(bench: Bench) -> str:
    """Ending a product is an order: once for a key, and the product is no longer active after it."""
    key, party = f"{uuid4()}/1/remove/1", bench.party
    async with bench.connected() as provider:
        ordering = required(provider.ordering)
        product_ref = (await _delivered(bench, provider, party)).product_ref
        unless(product_ref, "the order ended without a product")
        first = await ordering.terminate(product_ref or "", key, party)
        second = await ordering.terminate(product_ref or "", key, party)
        ended = await bench.settled(provider, first.ref)
        product = await required(provider.inventory).product(product_ref or "")
    unless(first.ref == second.ref, "the same key made two orders", first.ref, second.ref)
    unless(ended.state is OrderItemState.COMPLETED, f"the order ended {ended.state}", ended.reason, ended.text)
    is_over = product is None or product.status is ProductStatus.TERMINATED
    unless(is_over, "the product is still there", product.provider_status if product else "")
    return "ended"


@check(
    "ordering.refusal",
    "Raise `Rejected` with the provider's reason for what it will not do (the kit does so for 400, 409 and 422).",
    changes=True,
)
async def refusal(bench: Bench) -> str:
    """What the provider will not deliver, it rejects: by an error, or by an order that ends REJECTED."""
    request = bench.like(bench.request(), offering_ref=NOWHERE)
    async with bench.connected() as provider:
        try:
            order = await required(provider.ordering).place(request)
        except Rejected as error:
            return error.reason or "without a reason"
        ended = await bench.settled(provider, order.ref)
    unless(ended.state in {OrderItemState.REJECTED, OrderItemState.FAILED}, f"ended {ended.state}")
    return ended.reason or ended.state


@check(
    "ordering.cancel-early",
    "Ask the provider to cancel; when it says that a cancellation is under way already, answer that one.",
    changes=True,
)
async def cancel_early(bench: Bench) -> str:
    """Before the point of no return an order is cancelled, and asking for it again is harmless."""
    async with bench.connected() as provider:
        ordering = required(provider.ordering)
        placed = await ordering.place(bench.request())
        unless(await ordering.cancellation(placed.ref) is None, "a cancellation that nobody asked for")
        first = await ordering.cancel(placed.ref, f"{uuid4()}", "changed my mind")
        again = await ordering.cancel(placed.ref, f"{uuid4()}", None)
        ended = await bench.settled(provider, placed.ref)
        known = await ordering.cancellation(placed.ref)
    unless(first.state in LIVE, "it is refused", first.reason, first.text)
    unless(again.state in LIVE, "asked for again, it is refused", again.reason, again.text)
    unless(ended.state is OrderItemState.CANCELLED, f"the order ended {ended.state}")
    unless(known is not None and known.state in LIVE, "the cancellation is not known afterwards")
    return "cancelled"


@check(
    "ordering.cancel-late",
    "Answer a `ProviderCancellation` that is REFUSED, with a reason or a text, where it is too late.",
    changes=True,
)
async def cancel_late(bench: Bench) -> str:
    """After the point of no return a cancellation is refused with a reason: that is an answer, no error."""
    async with bench.connected() as provider:
        ended = await _delivered(bench, provider)
        answer = await required(provider.ordering).cancel(ended.ref, f"{uuid4()}", None)
    unless(answer.state is CancellationState.REFUSED, f"the cancellation is {answer.state}")
    unless(answer.reason or answer.text, "it does not say why")
    return answer.reason or "refused"


@check(
    "billing.party",
    "Give each bill and each charge the `party` that its row names; a charge of no bill yet has no `bill_ref`.",
    ("billing", "ordering"),
    changes=True,
)
async def billing_party(bench: Bench) -> str:
    """Bills and charges after an order are the party's, and say so; a charge's bill is among the bills."""
    party = bench.party
    async with bench.connected() as provider:
        await _delivered(bench, provider, party)
        billing = required(provider.billing)
        bills, charges = await billing.bills(party), await billing.charges(party)
    unless({each.party for each in bills} | {each.party for each in charges} <= {party}, "a row of another party")
    unless({each.bill_ref for each in charges} - {None} <= {each.ref for each in bills}, "a charge of an unknown bill")
    slug = bench.declared.slug
    unless(all(each.id == provider_id("Bill", slug, each.ref) for each in bills), "a bill's id is not its reference's")
    unless_offsets(*bills, *charges)
    return f"{len(bills)} bills, {len(charges)} charges"
