"""The demo month: what runs is charged while it runs, and billed when the month closes."""

from collections import defaultdict
from decimal import Decimal
from sqlite3 import Connection

from providers.simulator import clock
from providers.simulator.billing.bills import amount_of, issue, priced, rate, share
from providers.simulator.billing.charges import Charge, charge_of
from providers.simulator.desk import Desk
from providers.simulator.storage import documents, timers
from providers.simulator.storage.documents import Document

CLOSE = "close-month"
MONTHS = {"month": 1, "year": 12}


def month_end(desk: Desk, now: float) -> float:
    """When the running demo month closes."""
    length = desk.settings.month_s
    return (now // length + 1) * length


def open_month(desk: Desk, db: Connection) -> None:
    """Sees to it that the running month will be closed; at the operator's start."""
    if not timers.is_scheduled(db, CLOSE):
        timers.schedule(db, month_end(desk, clock.now()), CLOSE, "month")


def activated(desk: Desk, db: Connection, product: Document, now: float) -> None:
    """The product runs from now on: what is paid once is billed at once, the rest is charged by the month."""
    agreed = [charge_of(price) for price in product["productPrice"]]
    once = [rate(product, charge, charge.amount, now, now) for charge in agreed if charge.period is None]
    if once:
        issue(desk, db, once, product["relatedParty"], now, now, now)
    if any(charge.period for charge in agreed):
        db.execute("insert or ignore into running values (?)", (product["id"],))
        _charge_until(desk, db, product, now, month_end(desk, now))


def _charge_until(desk: Desk, db: Connection, product: Document, start: float, end: float) -> None:
    for charge in (charge_of(price) for price in product["productPrice"]):
        amount = _amount(desk, charge, end - start)
        if amount:
            documents.put(db, "appliedCustomerBillingRate", rate(product, charge, amount, start, end))


def _amount(desk: Desk, charge: Charge, duration: float) -> Decimal:
    if charge.period is None:
        return Decimal(0)
    return share(charge.amount, duration, desk.settings.month_s * MONTHS[charge.period])


def terminated(desk: Desk, db: Connection, product_id: str, now: float) -> None:
    """The product runs no longer: its open rates end now, and cost what was used."""
    db.execute("delete from running where product_id = ?", (product_id,))
    for line in documents.find(db, "appliedCustomerBillingRate", {"product.id": product_id, "isBilled": "false"}):
        start = clock.seconds(line["periodCoverage"]["startDateTime"])
        end = clock.seconds(line["periodCoverage"]["endDateTime"])
        used = share(amount_of(line), max(now - start, 0.0), max(end - start, 0.001))
        line["periodCoverage"]["endDateTime"] = clock.stamp(now)
        documents.put(db, "appliedCustomerBillingRate", priced(line, used))


def close_month(desk: Desk, db: Connection, _subject: str, now: float) -> None:
    """Bills what is open, one bill an account, and begins the month that it is now.

    Months that went by while the operator was not running are not charged: a demo asleep for a day would
    send 480 bills.
    """
    start = (now // desk.settings.month_s) * desk.settings.month_s
    _bill_open(desk, db, start, now)
    end = month_end(desk, now)
    for (product_id,) in db.execute("select product_id from running").fetchall():
        product = documents.get(db, "product", product_id)
        if product is not None:
            _charge_until(desk, db, product, start, end)
    timers.schedule(db, end, CLOSE, "month")


def _bill_open(desk: Desk, db: Connection, end: float, now: float) -> None:
    by_account: dict[str, list[Document]] = defaultdict(list)
    for line in documents.find(db, "appliedCustomerBillingRate", {"isBilled": "false"}):
        by_account[line["billingAccount"]["id"]].append(line)
    for lines in by_account.values():
        start = min(clock.seconds(line["periodCoverage"]["startDateTime"]) for line in lines)
        product = documents.get(db, "product", lines[0]["product"]["id"])
        issue(desk, db, lines, product["relatedParty"] if product else [], start, end, now)
