"""Reads bills and rated charges.

Source: TMF678 v4.0 and v5.0, CustomerBill and AppliedCustomerBillingRate; the README.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import TypeVar

from gateway.contract import Bill, Charge, ContractBroken, Money
from gateway.kit import Area, Misshapen
from providers.tmforum.context import Reading
from providers.tmforum.listing import read_all
from providers.tmforum.reading import (
    Row,
    day,
    flag,
    moment,
    money,
    part,
    parts,
    party_of,
    reference,
    reference_in,
    text,
)
from providers.tmforum.states import bill_state

T = TypeVar("T")
DESCRIBING = ("description", "name", "type", "appliedBillingRateType")


class TmForumBilling:
    """See contract.Billing."""

    def __init__(self, area: Area, reading: Reading) -> None:
        self._area = area
        self._reading = reading

    async def bills(self, party: str) -> list[Bill]:
        """Every page of the bills."""
        return await self._all("customerBill", {self._reading.profiles.billing.party_filter: party}, self._bill)

    async def charges(self, party: str) -> list[Charge]:
        """Every page of the rates, billed and not; a rate names no party, but the account that is called the same."""
        found = await self._all("appliedCustomerBillingRate", {"billingAccount.id": party}, self._charge)
        return [charge for charge in found if charge is not None]

    async def _all(self, path: str, params: Mapping[str, str], read: Callable[[Row], T]) -> list[T]:
        listing = await read_all(self._area, path, self._reading.options.page_size, params)
        try:
            return [read(row) for row in listing.rows]
        except Misshapen as error:
            raise ContractBroken(self._reading.profile.slug, self._area.capability, f"{path}: {error}") from None

    def _bill(self, row: Row) -> Bill:
        ref, reading, raw = reference(row), self._reading, text(row, "state")
        return Bill(
            id=reading.id("Bill", ref),
            ref=ref,
            provider=reading.profile,
            bill_number=text(row, "billNo") or ref,
            state=bill_state(raw),
            provider_status=raw or "",
            party=party_of(row),
            bill_date=day(row, "billDate", reading.zone),
            payment_due_date=day(row, "paymentDueDate", reading.zone),
            tax_included=money(row, "taxIncludedAmount"),
            remaining=money(row, "remainingAmount"),
        )

    def _charge(self, row: Row) -> Charge | None:
        """None for one that is billed, but names no bill: it is neither a line nor of the running period."""
        ref, zone, period = reference(row), self._reading.zone, part(row, "periodCoverage")
        if flag(row, "isBilled") and reference_in(row, "bill") is None:
            return None
        amount, is_tax_included = _amount(row)
        return Charge(
            ref=ref,
            provider=self._reading.profile,
            party=party_of(row),
            description=next((found for name in DESCRIBING if (found := text(row, name))), ref),
            amount=amount,
            is_tax_included=is_tax_included,
            bill_ref=_bill_ref(row),
            product_ref=reference_in(row, "product"),
            charged_at=moment(row, "date", zone),
            period_start=moment(period, "startDateTime", zone),
            period_end=moment(period, "endDateTime", zone),
        )


def _amount(row: Row) -> tuple[Money, bool]:
    """With the tax where that can be told. Raises: Misshapen for none: a sum that lacks a charge would be false."""
    included, without = money(row, "taxIncludedAmount"), money(row, "taxExcludedAmount")
    if included is not None:
        return included, True
    if without is None:
        raise Misshapen(f"the charge {row.get('id')!r} has no amount")
    taxes = [money(each, "taxAmount") for each in parts(row, "appliedTax")]
    if not taxes or any(tax is None or tax.currency != without.currency for tax in taxes):
        return without, False
    return Money(without.amount + sum((tax.amount for tax in taxes if tax), Decimal(0)), without.currency), True


def _bill_ref(row: Row) -> str | None:
    """None while no bill holds it; `isBilled` decides where it is given."""
    return None if flag(row, "isBilled") is False else reference_in(row, "bill")
