"""What an operation asks for often is loaded once: no question once a row."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from gateway.api.loaders import Loaders
from gateway.domain.catalog.forms import OrderField, TextConstraint
from gateway.domain.inventory import Product, ProductStatus
from gateway.domain.paging import Edge, Page, PageInfo
from gateway.ports import NewEvent
from tests.api.running import Running, running
from tests.clock import NOON
from tests.federation.scripted import offering, price, profile
from tests.samples import an_order

ROOT = Path(__file__).parents[2]
FORM = (OrderField("reference", "Reference", "product", TextConstraint(None, 20), is_required=True),)


@pytest.fixture
async def gateway(tmp_path: Path) -> AsyncIterator[Running]:
    """With two offerings that ask for a reference and cost something."""
    offerings = [offering("nord", ref, fields=FORM, prices=(price("10.00"),)) for ref in ("o-1", "o-2")]
    async with running(tmp_path, offerings) as started:
        yield started


def _document(number: str) -> str:
    (path,) = (ROOT / "tests/contract").glob(f"{number}-*.graphql")
    return path.read_text()


async def _bundle(gateway: Running, offerings: int) -> str:
    await gateway.sign_in("maria")
    made = await gateway.ask(_document("05"), {"input": {"name": "Television"}}, "maria")
    bundle: str = made["data"]["createBundle"]["bundle"]["id"]
    for each in gateway.core.offerings.all()[:offerings]:
        added = await gateway.ask(_document("07"), {"input": {"bundleId": bundle, "offeringId": each.id}}, "maria")
        assert added["data"]["addBundleItem"]["userErrors"] == []
    return bundle


@pytest.mark.requirement("F2", "F3")
async def test_a_bundle_is_reviewed_once_however_much_of_it_is_asked_for(gateway: Running) -> None:
    bundle = await _bundle(gateway, 2)
    before = gateway.provider.calls

    answer = await gateway.ask(_document("10"), {"id": bundle}, "maria")

    assert "errors" not in answer
    found = answer["data"]["bundle"]
    assert [each["code"] for each in found["issues"]].count("MISSING_FIELD") == 2
    assert found["issues"][0]["message"]
    assert [[field["key"] for field in item["orderForm"]["fields"]] for item in found["items"]] == [["reference"]] * 2
    assert found["price"]["oneTime"] == {"amount": "20.00", "currency": "SEK"}
    assert gateway.provider.calls - before == 2, "each offering is read once"


async def test_a_bundle_that_is_only_named_asks_no_provider(gateway: Running) -> None:
    bundle = await _bundle(gateway, 1)
    before = gateway.provider.calls

    answer = await gateway.ask(
        "query($id: ID!) { bundle(id: $id) { id revision name items { id } } }", {"id": bundle}, "maria"
    )

    assert answer["data"]["bundle"]["revision"] == 2
    assert gateway.provider.calls == before


async def test_a_filled_in_field_is_seen_at_once(gateway: Running) -> None:
    bundle = await _bundle(gateway, 1)
    item = (await gateway.ask("query($id: ID!) { bundle(id: $id) { items { id } } }", {"id": bundle}, "maria"))["data"]
    given = {
        "bundleId": bundle,
        "itemId": item["bundle"]["items"][0]["id"],
        "fields": [{"key": "reference", "values": ["mine"]}],
    }

    answer = (await gateway.ask(_document("08"), {"input": given}, "maria"))["data"]["configureBundleItem"]

    assert answer["userErrors"] == []
    assert answer["item"]["orderForm"]["fields"] == [{"key": "reference", "values": ["mine"]}]
    assert answer["bundle"]["revision"] == 3


async def test_a_wrong_input_tells_each_field_and_changes_nothing(gateway: Running) -> None:
    bundle = await _bundle(gateway, 0)
    offering_id = gateway.core.offerings.all()[0].id
    fields = [{"key": "reference", "values": ["x" * 21]}, {"key": "colour", "values": ["red"]}]
    given = {"bundleId": bundle, "offeringId": offering_id, "quantity": -1, "fields": fields}

    answer = (await gateway.ask(_document("07"), {"input": given}, "maria"))["data"]["addBundleItem"]

    assert answer["item"] is answer["bundle"] is None
    assert {(each["code"], *each["field"]) for each in answer["userErrors"]} == {
        ("QUANTITY_TOO_LOW", "quantity"),
        ("TOO_LONG", "fields", "0", "values", "0"),
        ("UNKNOWN_FIELD", "fields", "1", "key"),
    }
    after = await gateway.ask("query($id: ID!) { bundle(id: $id) { revision items { id } } }", {"id": bundle}, "maria")
    assert after["data"]["bundle"] == {"revision": 1, "items": []}


async def test_the_orders_of_a_page_of_products_are_found_together(
    gateway: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    maria = await gateway.sign_in("maria")
    assert maria.actor is not None
    customer = maria.actor.memberships[0].customer.id
    asked: list[Any] = []

    async def found_together(_core: Any, _caller: Any, _customer: str, ids: Any) -> dict[str, Any]:
        asked.append(list(ids))
        return {}

    monkeypatch.setattr("gateway.usecases.ordering.orders_of_products", found_together)
    loaders = Loaders(gateway.core, maria)
    nord = profile("nord")
    products = [Product(f"p{n}", f"{n}", nord, "TV", None, ProductStatus.ACTIVE, "active", None) for n in range(5)]
    loaders.keep_owned(customer, Page([Edge(each.id, each) for each in products], PageInfo(False, None)))

    await asyncio.gather(*(loaders.order_of_product(each) for each in products))

    assert asked == [["p0", "p1", "p2", "p3", "p4"]]


@pytest.mark.requirement("V8", "F11")
async def test_an_order_shows_its_items_and_history(gateway: Running) -> None:
    maria = await gateway.sign_in("maria")
    assert maria.actor is not None
    order = an_order(maria.actor.memberships[0].customer.id, providers=("nord",))
    async with gateway.storage.writing() as unit:
        await unit.orders.add(order)
        await unit.orders.save(await unit.events.append(order, [NewEvent("OrderPlaced")], NOON))

    answer = await gateway.ask(_document("13"), {"id": order.id, "first": 100}, "maria", **{"accept-language": "sv"})
    listed = await gateway.ask(_document("15"), {"first": 20}, "maria")

    assert "errors" not in answer
    shown = answer["data"]["order"]
    assert [(each["__typename"], each["message"]) for each in (edge["node"] for edge in shown["events"]["edges"])] == [
        ("OrderPlaced", "Beställningen är lagd.")
    ]
    assert shown["items"][0]["provider"] == {"id": profile("nord").id, "name": "Nord"}
    assert shown["items"][0]["product"] is None
    assert [edge["node"]["id"] for edge in listed["data"]["customer"]["orders"]["edges"]] == [order.id]


@pytest.mark.parametrize("number", ["16", "17", "19"])
async def test_a_customer_with_nothing_has_empty_lists(gateway: Running, number: str) -> None:
    await gateway.sign_in("maria")

    answer = await gateway.ask(_document(number), {"first": 20}, "maria")

    assert "errors" not in answer
    kinds = {"16": "products", "17": "bills", "19": "notifications"}
    assert answer["data"]["customer"][kinds[number]]["edges"] == []
