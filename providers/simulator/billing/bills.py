"""Rates and the bills they end up on.

A demo month is the same for all customers of an operator: month n begins n months after the epoch.
Source: TMF678 v4.0.0, `CustomerBill` and `AppliedCustomerBillingRate`.
"""

import uuid
from collections.abc import Sequence
from decimal import Decimal
from sqlite3 import Connection
from typing import Any

from providers.simulator.billing.charges import Charge, money, rounded, tax_on
from providers.simulator.catalog.prices import TAX_PERCENT
from providers.simulator.clock import stamp
from providers.simulator.desk import Desk
from providers.simulator.events.outbox import publish
from providers.simulator.storage import documents
from providers.simulator.storage.documents import Document
from providers.simulator.web.api import BILLING

DAYS_TO_PAY = 30
DAY_S = 86_400.0


def rate(product: Document, charge: Charge, amount: Decimal, start: float, end: float) -> Document:
    """A line that is not on a bill yet, for what a product costs from `start` to `end`."""
    key = str(uuid.uuid4())
    line: Document = {
        "id": key,
        "href": BILLING.href("appliedCustomerBillingRate", key),
        "name": f"{product['name']}: {charge.name}",
        "description": f"{product['name']}: {charge.name}",
        "type": "appliedBillingCredit" if amount < 0 else "appliedBillingCharge",
        "date": stamp(start),
        "isBilled": False,
        "periodCoverage": {"startDateTime": stamp(start), "endDateTime": stamp(end)},
        "billingAccount": product["billingAccount"],
        "product": {"id": product["id"], "name": product["name"]},
        "characteristic": [{"name": "priceType", "value": charge.price_type}],
        "@type": "AppliedCustomerBillingRate",
    }
    return priced(line, amount)


def priced(line: Document, amount: Decimal) -> Document:
    """The line with another amount (without tax)."""
    tax = tax_on(amount)
    line["taxExcludedAmount"] = money(amount)
    line["taxIncludedAmount"] = money(amount + tax)
    line["appliedTax"] = [{"taxCategory": "VAT", "taxRate": TAX_PERCENT, "taxAmount": money(tax)}]
    return line


def issue(
    desk: Desk, db: Connection, lines: Sequence[Document], party: list[Any], start: float, end: float, now: float
) -> None:
    """Puts the lines, all of one account, on a bill and sends it."""
    bill = _bill(desk, db, lines, party, start, end, now)
    documents.put(db, "customerBill", bill)
    for line in lines:
        line["isBilled"], line["bill"] = True, {"id": bill["id"]}
        documents.put(db, "appliedCustomerBillingRate", line)
    publish(db, now, BILLING.name, "CustomerBillCreateEvent", "customerBill", bill)


def _bill(
    desk: Desk, db: Connection, lines: Sequence[Document], party: list[Any], start: float, end: float, now: float
) -> Document:
    net = sum((amount_of(line) for line in lines), Decimal(0))
    tax = sum((Decimal(str(line["appliedTax"][0]["taxAmount"]["value"])) for line in lines), Decimal(0))
    key = str(uuid.uuid4())
    return {
        "id": key,
        "href": BILLING.href("customerBill", key),
        "billNo": f"{desk.entry.slug.upper()}-{documents.count(db, 'customerBill') + 1:06d}",
        "billDate": stamp(now),
        "lastUpdate": stamp(now),
        "paymentDueDate": stamp(now + DAYS_TO_PAY * DAY_S),
        "billingPeriod": {"startDateTime": stamp(start), "endDateTime": stamp(end)},
        "category": "normal",
        "runType": "onCycle",
        "state": "sent",
        "amountDue": money(net + tax),
        "remainingAmount": money(net + tax),
        "taxExcludedAmount": money(net),
        "taxIncludedAmount": money(net + tax),
        "taxItem": [{"taxCategory": "VAT", "taxRate": TAX_PERCENT, "taxAmount": money(tax)}],
        "billingAccount": lines[0]["billingAccount"],
        "relatedParty": party,
        "@type": "CustomerBill",
    }


def amount_of(line: Document) -> Decimal:
    """What the line costs without tax."""
    return Decimal(str(line["taxExcludedAmount"]["value"]))


def share(amount: Decimal, part_s: float, whole_s: float) -> Decimal:
    """The part of an amount that falls to a part of its time."""
    return rounded(amount * Decimal(part_s) / Decimal(whole_s))
