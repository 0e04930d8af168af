"""Bills of the past and the charges of the running period, from every provider where the customer has an account."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from gateway.contract.billing import Billing
from gateway.contract.provider import Provider
from gateway.domain.billing import Bill, Charge, CurrentCharges
from gateway.domain.catalog.providers import ProviderProfile, UnavailableProvider
from gateway.domain.identity import provider_id
from gateway.domain.money import total
from gateway.domain.paging import Page
from gateway.domain.parties import Caller, SelfServiceFunction
from gateway.usecases import policy
from gateway.usecases.core import Core
from gateway.usecases.cursors import Key
from gateway.usecases.held_pages import HeldListing, newest_first
from gateway.usecases.holdings import Parties, ask_each, flat, parties_of, refs_by_provider

BILLING = "billing"


@dataclass(frozen=True, slots=True)
class CurrentChargesAnswer:
    """The running charges by provider and currency, and the providers whose charges are missing."""

    charges: tuple[CurrentCharges, ...]
    unavailable_providers: tuple[UnavailableProvider, ...]


async def list_bills(core: Core, caller: Caller, customer_id: str, first: int | None, after: str | None) -> Page[Bill]:
    """All bills, newest first, ties by provider and reference.

    Raises: AccessError, RequestError NOT_FOUND, PAGE_SIZE, BAD_CURSOR.
    """
    policy.require(caller, customer_id, SelfServiceFunction.SEE_BILLS)
    listing = HeldListing(core, "bills", customer_id, first, after)
    parties = await parties_of(core, customer_id)
    return listing.page(await ask_each(core, parties, _billing, BILLING, _bills), _key)


async def find_bill(core: Core, caller: Caller, customer_id: str, bill_id: str) -> Bill | None:
    """The bill of that global id, None for an unknown one, another's, and where its provider does not answer."""
    parties = await _parties_with(core, caller, customer_id, [bill_id])
    gathered = await ask_each(core, parties, _billing, BILLING, _bills)
    return next((bill for bill in flat(gathered) if bill.id == bill_id), None)


async def bill_lines(
    core: Core, caller: Caller, customer_id: str, bill_ids: Sequence[str]
) -> Mapping[str, Sequence[Charge]]:
    """The lines of these bills by global id, in the provider's order; one call for an account, however many bills.

    A bill whose provider does not answer is left out, and every bill for who may not see them.
    """
    parties = await _parties_with(core, caller, customer_id, bill_ids)
    wanted = refs_by_provider("Bill", bill_ids, parties)
    gathered = await ask_each(core, parties, _billing, BILLING, _charges)
    found: dict[str, list[Charge]] = {}
    for profile, charges in gathered.rows:
        found.update((provider_id("Bill", profile.slug, ref), []) for ref in wanted[profile.slug])
        for charge in charges:
            if charge.bill_ref in wanted[profile.slug]:
                found[provider_id("Bill", profile.slug, charge.bill_ref)].append(charge)
    return found


async def current_charges(core: Core, caller: Caller, customer_id: str) -> CurrentChargesAnswer:
    """The sums of what no bill holds yet, tax included as far as the provider says the tax.

    Raises: AccessError, RequestError NOT_FOUND.
    """
    policy.require(caller, customer_id, SelfServiceFunction.SEE_BILLS)
    parties = await parties_of(core, customer_id)
    gathered = await ask_each(core, parties, _billing, BILLING, _charges)
    at = core.clock.now()
    sums = [each for profile, charges in gathered.rows for each in _summed(profile, charges, at)]
    return CurrentChargesAnswer(tuple(sums), gathered.unavailable)


async def _parties_with(core: Core, caller: Caller, customer_id: str, bill_ids: Sequence[str]) -> Parties:
    """The customer's accounts at the providers of these bills; none for who may not see bills."""
    if not policy.can(caller, customer_id, SelfServiceFunction.SEE_BILLS):
        return {}
    parties = await parties_of(core, customer_id)
    return {slug: parties[slug] for slug in refs_by_provider("Bill", bill_ids, parties)}


def _billing(provider: Provider) -> Billing | None:
    return provider.billing


async def _bills(billing: Billing, party: str) -> Sequence[Bill]:
    return await billing.bills(party)


async def _charges(billing: Billing, party: str) -> Sequence[Charge]:
    return await billing.charges(party)


def _key(bill: Bill) -> Key:
    return newest_first(bill, bill.bill_date)


def _summed(profile: ProviderProfile, charges: Iterable[Charge], at: datetime) -> Iterable[CurrentCharges]:
    by_currency: defaultdict[str, list[Charge]] = defaultdict(list)
    for charge in charges:
        if charge.bill_ref is None:
            by_currency[charge.amount.currency].append(charge)
    for currency in sorted(by_currency):
        found = by_currency[currency]
        amount = total(charge.amount for charge in found)
        starts = [start for charge in found if (start := charge.period_start or charge.charged_at) is not None]
        if amount is not None:
            yield CurrentCharges(profile, min(starts, default=None), at, amount.rounded())
