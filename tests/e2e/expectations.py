"""What must come back from each run of the contract, in the order of the book."""

import asyncio
from decimal import Decimal
from typing import Any

from tests.e2e.consumer import Data, all_rows
from tests.e2e.playing import Check, Play

ROLES = {"SERVICE_PROVIDER", "NETWORK_OPERATOR", "CONTENT_PROVIDER"}
BILLED_WITHIN_S = 10.0


def nodes(connection: Data) -> list[Data]:
    """The rows of a page."""
    return [edge["node"] for edge in connection["edges"]]


async def one_membership(play: Play, data: Data) -> None:
    (membership,) = data["viewer"]["memberships"]
    assert membership["role"] == "SELF_SERVICE_MANAGER"
    assert membership["customer"]["name"] == "Maria's household"


async def six_providers(play: Play, data: Data) -> None:
    assert len(nodes(data["providers"])) == 6


async def many_offerings(play: Play, data: Data) -> None:
    rows = await all_rows(play.callers["nobody"], "02", "productOfferings", first=50)
    assert len({row["id"] for row in rows}) == len(rows) >= 80
    assert len({row["provider"]["id"] for row in rows}) == 6


async def predefined_bundles(play: Play, data: Data) -> None:
    found = nodes(data["productOfferings"])
    assert len(found) >= 2
    assert all(row["isBundle"] for row in found)
    play.captured["predefined"] = found[0]["id"]


async def iptv_services(play: Play, data: Data) -> None:
    found = nodes(data["productOfferings"])
    assert {row["role"] for row in found} == {"SERVICE_PROVIDER"}
    play.captured["iptv"] = found[0]["id"]


async def form_with_video_quality(play: Play, data: Data) -> None:
    offering = data["productOffering"]
    assert "videoQuality" in [field["key"] for field in offering["orderForm"]["fields"]]
    assert "NETWORK_OPERATOR" in [each["role"] for each in offering["requirements"]]


async def both_qualified(play: Play, data: Data) -> None:
    items = data["offeringQualification"]["items"]
    assert [item["offering"]["id"] for item in items] == [play.captured["iptv"], play.captured["predefined"]]
    assert [item["result"] for item in items] == ["QUALIFIED", "QUALIFIED"]


async def three_roles(play: Play, data: Data) -> None:
    bundle = data["createBundle"]["bundle"]
    assert {item["role"] for item in bundle["items"]} == ROLES
    play.captured["bundle"] = bundle["id"]


async def one_missing_field(play: Play, data: Data) -> None:
    shown = await play.review("bundle")
    assert [issue["code"] for issue in shown["issues"]] == ["MISSING_FIELD"]
    assert not shown["isOrderable"]
    assert Decimal(shown["price"]["oneTime"]["amount"]) > 0
    _has_all_prices(shown["price"])


def _has_all_prices(price: Data) -> None:
    assert Decimal(price["tax"]["amount"]) > 0
    assert Decimal(price["recurring"][0]["amount"]["amount"]) > 0
    assert len(price["byProvider"]) == 3


async def filled_in(play: Play, data: Data) -> None:
    assert data["configureBundleItem"]["bundle"]["isOrderable"]
    assert (await play.review("bundle"))["issues"] == []


async def ordered(play: Play, data: Data) -> None:
    _placed(play, data, "order")


async def ordered_second(play: Play, data: Data) -> None:
    _placed(play, data, "secondOrder")


async def ordered_third(play: Play, data: Data) -> None:
    _placed(play, data, "thirdOrder")


def _placed(play: Play, data: Data, name: str) -> None:
    payload = data["placeOrder"]
    assert {item["role"] for item in payload["order"]["items"]} == ROLES
    assert {(item["action"], item["intent"]) for item in payload["order"]["items"]} == {("ADD", "ORDER")}
    assert payload["bundle"]["state"] == "ORDERED"
    play.captured[name] = payload["order"]["id"]


async def events_to_completed(play: Play, data: Data) -> None:
    events, is_complete = await play.events_until("12", {"orderId": play.captured["order"]})
    assert is_complete
    assert [event["sequence"] for event in events] == list(range(1, len(events) + 1))
    assert (events[-1]["orderState"], events[-1]["completionPercent"]) == ("COMPLETED", 100)
    play.notes["events"] = events
    again, _ = await play.events_until("12", {"orderId": play.captured["order"], "after": events[0]["cursor"]})
    assert [event["id"] for event in again] == [event["id"] for event in events[1:]]


async def same_events(play: Play, data: Data) -> None:
    seen = [{"cursor": event["cursor"], **_kept(event)} for event in play.notes["events"]]
    history = [{"cursor": edge["cursor"], **_kept(edge["node"])} for edge in data["order"]["events"]["edges"]]
    assert history == seen
    assert {item["state"] for item in data["order"]["items"]} == {"COMPLETED"}
    assert {item["product"]["status"] for item in data["order"]["items"]} == {"ACTIVE"}
    play.notes["items"] = len(data["order"]["items"])


def _kept(event: Data) -> Data:
    return {key: event[key] for key in ("id", "sequence", "occurredAt", "message", "orderState", "itemState")}


async def no_order(play: Play, data: Data) -> None:
    assert data["order"] is None


async def one_notice(play: Play, data: Data) -> None:
    (notice,) = nodes(data["customer"]["notifications"])
    assert notice["order"]["id"] == play.captured["order"]
    assert notice["code"] == "ORDER_COMPLETED"
    assert notice["readAt"] is None


async def empty_bundle(play: Play, data: Data) -> None:
    assert data["createBundle"]["bundle"]["items"] == []
    play.captured["own"] = data["createBundle"]["bundle"]["id"]


async def iptv_is_candidate(play: Play, data: Data) -> None:
    found = [row["offering"]["id"] for row in nodes(data["bundle"]["candidates"])]
    assert play.captured["iptv"] in found


async def iptv_added(play: Play, data: Data) -> None:
    play.captured["iptvItem"] = data["addBundleItem"]["item"]["id"]


async def uhd_chosen(play: Play, data: Data) -> None:
    payload = data["configureBundleItem"]
    assert {"key": "videoQuality", "values": ["UHD"]} in payload["item"]["orderForm"]["fields"]
    assert not payload["bundle"]["isOrderable"]


async def access_candidates(play: Play, data: Data) -> None:
    found = nodes(data["bundle"]["candidates"])
    for row in found:
        assert row["agreements"]
        (bandwidth,) = [each for each in row["satisfies"] if each["requiredBy"]["id"] == play.captured["iptvItem"]]
        assert Decimal(bandwidth["actual"]["values"][0]) >= 25
    play.captured["access"] = found[0]["offering"]["id"]


async def access_added(play: Play, data: Data) -> None:
    assert len(data["addBundleItem"]["bundle"]["items"]) == 2


async def content_candidates(play: Play, data: Data) -> None:
    play.captured["content"] = nodes(data["bundle"]["candidates"])[0]["offering"]["id"]


async def content_added(play: Play, data: Data) -> None:
    play.captured["contentItem"] = data["addBundleItem"]["item"]["id"]


async def content_removed(play: Play, data: Data) -> None:
    assert data["removeBundleItem"]["removedItemId"] == play.captured["contentItem"]
    shown = await play.review("own")
    assert play.captured["contentItem"] not in [item["id"] for item in shown["items"]]


async def content_there_again(play: Play, data: Data) -> None:
    assert len(data["addBundleItem"]["bundle"]["items"]) == 3


async def own_is_orderable(play: Play, data: Data) -> None:
    shown = await play.review("own")
    while [issue["code"] for issue in shown["issues"]] == ["MISSING_FIELD"]:
        await _fill_in(play, "own")
        shown = await play.review("own")
    assert shown["isOrderable"]
    assert shown["issues"] == []
    _has_all_prices(shown["price"])


async def _fill_in(play: Play, bundle: str) -> None:
    values = [{"key": play.captured["fieldWithIssue"], "values": [play.captured["firstChoice"]]}]
    wanted = {"bundleId": play.captured[bundle], "itemId": play.captured["itemWithIssue"], "fields": values}
    assert (await play.maria.run("08", input=wanted))["configureBundleItem"]["userErrors"] == []


async def events_of_both(play: Play, data: Data) -> None:
    events, is_complete = await play.events_until("18", {"after": None}, "order", "secondOrder")
    assert not is_complete
    assert len({event["cursor"] for event in events}) == len(events)
    of_first = [event["id"] for event in events if event["order"]["id"] == play.captured["order"]]
    assert of_first == [event["id"] for event in play.notes["events"]]


async def third_created(play: Play, data: Data) -> None:
    play.captured["third"] = data["createBundle"]["bundle"]["id"]


async def third_misses_a_field(play: Play, data: Data) -> None:
    shown = await play.review("third")
    assert [issue["code"] for issue in shown["issues"]] == ["MISSING_FIELD"]


async def third_filled_in(play: Play, data: Data) -> None:
    assert data["configureBundleItem"]["bundle"]["isOrderable"]


async def third_has_no_issue(play: Play, data: Data) -> None:
    assert (await play.review("third"))["issues"] == []


async def cancellation_asked(play: Play, data: Data) -> None:
    payload = data["cancelOrder"]
    assert payload["order"]["state"] in {"ASSESSING_CANCELLATION", "PENDING_CANCELLATION", "CANCELLED"}
    assert payload["cancellation"]["state"] in {"ACKNOWLEDGED", "IN_PROGRESS", "DONE"}


async def events_to_cancelled(play: Play, data: Data) -> None:
    events, is_complete = await play.events_until("12", {"orderId": play.captured["thirdOrder"]})
    assert is_complete
    assert events[-1]["orderState"] == "CANCELLED"
    order = (await play.maria.run("13", id=play.captured["thirdOrder"], first=100))["order"]
    assert {item["state"] for item in order["items"]} == {"CANCELLED"}
    assert [each["state"] for each in order["cancellations"]] == ["DONE"]


async def three_orders(play: Play, data: Data) -> None:
    rows = nodes(data["customer"]["orders"])
    assert [row["id"] for row in rows] == [play.captured[name] for name in ("thirdOrder", "secondOrder", "order")]
    assert [row["state"] for row in rows] == ["CANCELLED", "COMPLETED", "COMPLETED"]


async def products_of_two_orders(play: Play, data: Data) -> None:
    assert data["customer"]["products"]["unavailableProviders"] == []
    rows = [row for row in nodes(data["customer"]["products"]) if row["status"] == "ACTIVE"]
    of_orders = [row["order"]["id"] for row in rows]
    assert sorted(of_orders) == sorted(
        [play.captured["order"]] * play.notes["items"] + [play.captured["secondOrder"]] * 3
    )
    play.notes["products"] = {row["id"] for row in rows}


async def none_of_marias(play: Play, data: Data) -> None:
    assert play.notes["products"].isdisjoint(row["id"] for row in nodes(data["customer"]["products"]))


async def bills_and_charges(play: Play, data: Data) -> None:
    async with asyncio.timeout(BILLED_WITHIN_S):
        while not _billed(data["customer"]):
            await asyncio.sleep(0.2)
            data = await play.maria.run("17", first=20)
    bills = nodes(data["customer"]["bills"])
    assert data["customer"]["bills"]["unavailableProviders"] == []
    assert all(Decimal(bill["taxIncluded"]["amount"]) > 0 for bill in bills)
    assert {line["product"]["id"] for bill in bills for line in nodes(bill["lines"])} <= play.notes["products"]
    assert data["customer"]["currentCharges"]["unavailableProviders"] == []


def _billed(customer: dict[str, Any]) -> bool:
    return bool(customer["bills"]["edges"] and customer["currentCharges"]["charges"])


async def six_configured(play: Play, data: Data) -> None:
    rows = nodes(data["providerRegistrations"])[:6]
    assert {row["adapter"] for row in rows} == {"tmforum"}
    assert {row["status"] for row in rows} == {"ACTIVE"}
    assert {row["health"]["state"] for row in rows} <= {"UP", "DEGRADED"}
    assert all("ordering" in row["capabilities"] for row in rows)
    assert len({row["provider"]["id"] for row in rows}) == 6


async def registered_and_refused(play: Play, data: Data) -> None:
    registration = data["registerProvider"]["registration"]
    assert registration["slug"] == "acme-fibre"
    assert registration["status"] in {"DRAFT", "CHECKING"}
    assert registration["provider"]["name"] == "Acme Fibre"
    assert registration["provider"]["roles"] == ["NETWORK_OPERATOR"]
    row = await _checked(play, registration["id"])
    # Nobody listens there.
    assert row["status"] == "DRAFT"
    assert not row["conformance"]["passed"]
    assert "PROVIDER_UNAVAILABLE" in {check["detail"] for check in row["conformance"]["checks"]}
    assert row["health"] is None
    assert "a secret" not in str(row)


async def _checked(play: Play, registration_id: str) -> Data:
    """The registration once its checks are over."""
    async with asyncio.timeout(30):
        while True:
            found = nodes((await play.callers["operator"].run("21", first=100))["providerRegistrations"])
            row = next(each for each in found if each["id"] == registration_id)
            if row["status"] != "CHECKING":
                return row
            await asyncio.sleep(0.2)


# The book's document and expectation, and what is checked; the test compares the first two with the book.
TABLE: tuple[tuple[str, str, Check], ...] = (
    ("01", "one membership, SELF_SERVICE_MANAGER", one_membership),
    ("20", "6 providers", six_providers),
    ("02", "pages to the end: at least 80 offerings; nobody unavailable", many_offerings),
    ("02", "at least 2; capture the first as predefined", predefined_bundles),
    ("02", "capture the first as iptv", iptv_services),
    ("03", "a form with videoQuality; a requirement on the access", form_with_video_quality),
    ("04", "QUALIFIED", both_qualified),
    ("05", "items of three roles; capture bundle", three_roles),
    (
        "10",
        "an issue MISSING_FIELD names the field that a part asks for; no price is missing",
        one_missing_field,
    ),
    ("08", "isOrderable; then 10 again for revision and terms", filled_in),
    ("11", "capture order", ordered),
    ("12", "events 1, 2, 3 … to COMPLETED at 100 percent, then complete", events_to_completed),
    ("13", "the same events; every item COMPLETED with a product", same_events),
    ("13", "order is null", no_order),
    ("19", "one notice that the order is complete", one_notice),
    ("05", "an empty bundle; capture own", empty_bundle),
    ("06", "the iptv offering is among them", iptv_is_candidate),
    ("07", "capture iptvItem", iptv_added),
    ("08", "now the access must carry more", uhd_chosen),
    ("06", "each satisfies the bandwidth and names its agreements; capture access", access_candidates),
    ("07", "", access_added),
    ("06", "capture content", content_candidates),
    ("07", "capture contentItem", content_added),
    ("09", "removedItemId; the item is gone", content_removed),
    ("07", "there again", content_there_again),
    (
        "10",
        "isOrderable (if an issue names a missing field: 08 with its first choice, then again); price by three "
        "providers; capture revision and terms",
        own_is_orderable,
    ),
    ("11", "capture secondOrder", ordered_second),
    ("18", "the events of both orders, read until both are COMPLETED; the stream itself goes on", events_of_both),
    ("05", "capture third", third_created),
    ("10", "an issue as before", third_misses_a_field),
    ("08", "isOrderable", third_filled_in),
    ("10", "no issue; capture revision and terms", third_has_no_issue),
    ("11", "capture thirdOrder; it is cancelled at once", ordered_third),
    (
        "14",
        "ASSESSING_CANCELLATION, PENDING_CANCELLATION or CANCELLED; in the end CANCELLED, and no product of it",
        cancellation_asked,
    ),
    ("12", "events to CANCELLED, then complete", events_to_cancelled),
    ("15", "three orders, newest first", three_orders),
    ("16", "the products of two orders, ACTIVE", products_of_two_orders),
    ("16", "none of Maria's", none_of_marias),
    ("17", "one-time charges billed at activation; running charges", bills_and_charges),
    ("21", "with the registration of partners", six_configured),
    ("22", "with the registration of partners; loopback is allowed in the demo alone", registered_and_refused),
)
