"""What can be shown only with what the author declares: places, pages, states that nobody knows, registrations."""

from gateway.contract import BillState, OrderItemState, OrderRequest, ProductStatus, Provider, QualificationResult
from gateway.federation.checking import check, missing, required, unless
from gateway.kit.conformance.bench import Bench
from gateway.kit.conformance.declared import with_option
from gateway.kit.conformance.proxy import FaultProxy, replacing

UNHEARD_OF = "conformanceUnheardOf"
CALLBACK_URL = "http://127.0.0.1:9/events"
ROWS_A_PAGE = 2
STATE_MEND = "Read states by a table with a default, and keep the provider's own text beside it."


@check("catalog.whole", "Follow the provider's own sign of more (a count, a link, a status), not the page's length.")
async def whole(bench: Bench) -> str:
    """In pages of two rows (`page_size`, the option) it is the same, and as long as declared (`offerings`)."""
    option, count = bench.wanted.page_size, bench.wanted.offerings
    if option is None and count is None:
        missing("declare conformance.page_size or conformance.offerings")
    async with bench.connected() as provider:
        found = await bench.subject(provider).offerings()
    unless(count in {None, len(found)}, f"{len(found)} offerings, not {count}")
    if option is not None:
        async with bench.connected(with_option(bench.declared.settings, option, ROWS_A_PAGE)) as provider:
            paged = await bench.subject(provider).offerings()
        unless({e.ref for e in paged} == {e.ref for e in found}, f"{len(paged)} offerings, not {len(found)}")
    return f"{len(found)} offerings"


@check("qualification.places", "Send the place with the question, and read QUALIFIED only from a clear yes.")
async def places(bench: Bench) -> str:
    """QUALIFIED where it delivers, and not where it does not, with a reason. Both places are declared."""
    wanted = bench.wanted
    if wanted.offering is None or wanted.delivers_at is None or wanted.does_not_deliver_at is None:
        missing("declare conformance.offering, delivers_at and does_not_deliver_at")
    async with bench.connected() as provider:
        qualification = required(provider.qualification)
        (there,) = await qualification.qualify([wanted.offering], wanted.delivers_at.place)
        (elsewhere,) = await qualification.qualify([wanted.offering], wanted.does_not_deliver_at.place)
    unless(there.result is QualificationResult.QUALIFIED, f"{there.result} where it delivers")
    expected = {QualificationResult.UNQUALIFIED, QualificationResult.ALTERNATE}
    unless(elsewhere.result in expected, f"{elsewhere.result} where it does not deliver")
    unless(elsewhere.reasons or elsewhere.alternatives, "it does not say why not")
    return "a yes and a no"


@check("ordering.unknown-state", STATE_MEND, changes=True)
async def order_state(bench: Bench) -> str:
    """An order in a state that nobody knows is IN_PROGRESS, with that state's text. By `state_fields.order`."""
    name = bench.wanted.state_fields.order or missing("declare conformance.state_fields.order")
    async with bench.proxied() as (provider, proxy):
        ordering = required(provider.ordering)
        placed = await ordering.place(bench.request())
        proxy.renames = replacing(name, UNHEARD_OF)
        order = await ordering.track(placed.ref)
    unless(order.provider_state == UNHEARD_OF, "the provider's own text is lost", order.provider_state)
    unless(order.state is OrderItemState.IN_PROGRESS, f"it is read as {order.state}")
    return "IN_PROGRESS"


@check("inventory.unknown-status", STATE_MEND, ("inventory", "ordering"), changes=True)
async def product_status(bench: Bench) -> str:
    """A product in a state that nobody knows is UNKNOWN, with that state's text. By `state_fields.product`."""
    name = bench.wanted.state_fields.product or missing("declare conformance.state_fields.product")
    async with bench.proxied() as (provider, proxy):
        await _delivered(bench, provider, proxy, request := bench.request(), name)
        found = [e for e in await required(provider.inventory).products(request.party) if e.party == request.party]
    unless(found, "the party has no product")
    unless({each.provider_status for each in found} == {UNHEARD_OF}, "the provider's own text is lost")
    unless({each.status for each in found} == {ProductStatus.UNKNOWN}, f"it is read as {found[0].status}")
    return "UNKNOWN"


@check("billing.unknown-state", STATE_MEND, ("billing", "ordering"), changes=True)
async def bill_state(bench: Bench) -> str:
    """A bill in a state that nobody knows is UNKNOWN, with that state's text. By `state_fields.bill`."""
    name = bench.wanted.state_fields.bill or missing("declare conformance.state_fields.bill")
    async with bench.proxied() as (provider, proxy):
        await _delivered(bench, provider, proxy, request := bench.request(), name)
        bills = await required(provider.billing).bills(request.party)
    if not bills:
        missing("the party has no bill yet")
    unless({each.provider_status for each in bills} == {UNHEARD_OF}, "the provider's own text is lost")
    unless({each.state for each in bills} == {BillState.UNKNOWN}, f"it is read as {bills[0].state}")
    return "UNKNOWN"


async def _delivered(bench: Bench, provider: Provider, proxy: FaultProxy, request: OrderRequest, name: str) -> None:
    """Orders and waits for the end; from then on each text of that name is one that nobody knows."""
    placed = await required(provider.ordering).place(request)
    await bench.settled(provider, placed.ref)
    proxy.renames = replacing(name, UNHEARD_OF)


@check(
    "events.registering",
    "Look for the registration before making one; let `unsubscribe` take a 404 for done.",
    changes=True,
)
async def registering(bench: Bench) -> str:
    """Registering twice, and taking it back twice, is harmless."""
    async with bench.connected() as provider:
        events = required(provider.events)
        for _ in range(2):
            await events.subscribe(CALLBACK_URL)
        for _ in range(2):
            await events.unsubscribe()
    return "registered and gone"
