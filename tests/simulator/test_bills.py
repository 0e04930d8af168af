"""One-time charges are billed at activation, what recurs when the demo month closes."""

from pathlib import Path

import aiohttp

from providers.simulator.serving import run_operators
from tests.simulator.calls import BILLING, ORDERING, Json, Operator, deletion_of, until

BILLS = f"{BILLING}/customerBill"
RATES = f"{BILLING}/appliedCustomerBillingRate"


def _kronor(amount: float) -> dict[str, Json]:
    return {"unit": "SEK", "value": amount}


async def test_one_time_charges_are_billed_at_activation(fjordnet: Operator) -> None:
    product = await fjordnet.delivered("fibre-100", installationKind="Technician")

    (bill,) = await fjordnet.get(f"{BILLS}?relatedParty.id=anna")
    lines = await fjordnet.get(f"{RATES}?bill.id={bill['id']}")

    assert (bill["billNo"], bill["state"]) == ("FJORDNET-000001", "sent")
    assert (bill["taxExcludedAmount"], bill["taxIncludedAmount"]) == (_kronor(1195.2), _kronor(1494.0))
    assert bill["taxItem"] == [{"taxCategory": "VAT", "taxRate": 25, "taxAmount": _kronor(298.8)}]
    assert bill["amountDue"] == bill["remainingAmount"] == _kronor(1494.0)
    assert bill["paymentDueDate"] > bill["billDate"]
    assert [(line["name"], line["taxExcludedAmount"], line["isBilled"]) for line in lines] == [
        ("Fjordnet Fiber 100: Start fee", _kronor(396.0), True),
        ("Fjordnet Fiber 100: Visit of a technician", _kronor(799.2), True),
    ]
    assert {line["product"]["id"] for line in lines} == {product["id"]}
    assert await fjordnet.get(f"{BILLS}?relatedParty.id=bertil") == []


async def test_what_recurs_runs_up_to_the_end_of_the_month(tmp_path: Path, session: aiohttp.ClientSession) -> None:
    async with run_operators(tmp_path, ("fjordnet",), month_s=10_000_000_000) as urls:
        fjordnet = Operator(session, urls["fjordnet"])
        await fjordnet.delivered("fibre-1000")

        running = await fjordnet.get(f"{RATES}?billingAccount.id=anna&isBilled=false")

    # The first month of that length ends in 2286; the share of it that is left comes to the same for decades.
    names = [line["name"].split(": ")[1] for line in running]
    fee, discount = (line["taxExcludedAmount"]["value"] for line in running)
    assert names == ["Monthly fee", "Campaign discount"]
    assert 0 < fee < 455.20
    assert discount == round(-fee / 4, 2)
    assert "bill" not in running[0]


async def test_the_month_closes_with_a_bill_and_a_new_one_begins(
    tmp_path: Path, session: aiohttp.ClientSession
) -> None:
    async with run_operators(tmp_path, ("granit",), month_s=0.5) as urls:
        granit = Operator(session, urls["granit"])
        await granit.delivered("fiber-10")

        bills = await until(lambda: granit.get(BILLS), lambda found: len(found) >= 2)
        lines = await granit.get(f"{RATES}?bill.id={bills[1]['id']}")

    assert [line["taxExcludedAmount"] for line in lines] == [bills[1]["taxExcludedAmount"]]
    assert 125 < bills[1]["taxExcludedAmount"]["value"] <= 127.20
    assert bills[1]["billingPeriod"]["startDateTime"] >= bills[0]["billingPeriod"]["endDateTime"]


async def test_a_terminated_product_costs_what_was_used(tmp_path: Path, session: aiohttp.ClientSession) -> None:
    async with run_operators(tmp_path, ("granit",), month_s=10_000_000_000) as urls:
        granit = Operator(session, urls["granit"])
        product = await granit.delivered("fiber-10")
        _, order = await granit.call("POST", f"{ORDERING}/productOrder", deletion_of(product["id"]))
        await granit.order_in(order["id"], "completed")

        (line,) = await granit.get(f"{RATES}?product.id={product['id']}")

    assert line["taxExcludedAmount"] == _kronor(0.0)


async def test_the_discount_of_a_one_time_price_is_on_the_bill(tmp_path: Path, session: aiohttp.ClientSession) -> None:
    async with run_operators(tmp_path, ("tallskog",)) as urls:
        tallskog = Operator(session, urls["tallskog"])
        await tallskog.delivered("kotte-3")

        (bill,) = await tallskog.get(BILLS)
        credit = (await tallskog.get(f"{RATES}?bill.id={bill['id']}"))[1]

    assert bill["taxExcludedAmount"] == _kronor(3959.28)
    assert (credit["type"], credit["taxExcludedAmount"]) == ("appliedBillingCredit", _kronor(-439.92))
