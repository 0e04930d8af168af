"""What is promised of orders, products, bills and signals, as far as questions about nobody show it."""

from uuid import uuid4

from gateway.domain.billing import Bill, Charge
from gateway.domain.errors import ContractBroken
from gateway.federation.checking import NOWHERE, Subject, Unkept, check, required, unless, unless_offsets


@check("ordering.unknown-key", "Compare the key of each order found with the one asked for; never take the first row.")
async def unknown_key(subject: Subject) -> str:
    """There is no order by a key that was never used."""
    unless(await required(subject.provider.ordering).find(f"{uuid4()}/1/place/1") is None, "an order by an unknown key")
    return "none"


@check("ordering.unknown-order", "Raise `ContractBroken` from `track` where the provider knows no such order.")
async def unknown_order(subject: Subject) -> str:
    """Following an order that is not there is an error, never a state."""
    try:
        await required(subject.provider.ordering).track(NOWHERE)
    except ContractBroken:
        return "an error"
    raise Unkept("an unknown order has a state")


@check("inventory.nobody", "Ask for the party, and give each product the `party` that its row names.")
async def nobodys_products(subject: Subject) -> str:
    """A party that nobody is has no products, and each row that comes says whose it is."""
    products = await required(subject.provider.inventory).products(subject.party)
    unless(all(each.party for each in products), "a product does not say whose it is")
    unless(not [each for each in products if each.party == subject.party], "nobody has a product")
    unless_offsets(*products)
    return f"{len(products)} products of others" if products else "none"


@check("inventory.unknown-product", "Answer None for a 404; encode the reference.")
async def unknown_product(subject: Subject) -> str:
    """There is no product of a reference that nobody has."""
    unless(await required(subject.provider.inventory).product(NOWHERE) is None, "a product of an unknown reference")
    return "none"


@check("billing.nobody", "Ask for the party, and give each row the `party` that it names.")
async def nobodys_bills(subject: Subject) -> str:
    """A party that nobody is has no bills and no charges, and each row that comes says whose it is."""
    billing = required(subject.provider.billing)
    rows: list[Bill | Charge] = [*await billing.bills(subject.party), *await billing.charges(subject.party)]
    unless(all(each.party for each in rows), "a bill or a charge does not say whose it is")
    unless(not [each for each in rows if each.party == subject.party], "nobody has a bill or a charge")
    unless_offsets(*rows)
    return f"{len(rows)} rows of others" if rows else "none"


@check("polled_events.mark", "With None answer the provider's newest mark, and no signals.")
async def mark(subject: Subject) -> str:
    """Asked without a mark, it answers one to begin from and no signals; asked with it, it answers again."""
    events = required(subject.provider.polled_events)
    first = await events.since(None)
    unless(not first.signals, "signals before there was a mark")
    unless((await events.since(first.mark)).mark or not first.mark, "the mark got lost")
    return "a mark to begin from" if first.mark else "no mark"
