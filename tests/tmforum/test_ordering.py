"""Ordering: what goes out, how states and reasons are read, and what a doubtful answer means."""

from datetime import UTC, datetime
from typing import Any

import pytest
from aiohttp import web

from gateway.contract import (
    Address,
    CancellationState,
    ContractBroken,
    Limits,
    Ordering,
    OrderItemState,
    OrderRequest,
    OutcomeUnknown,
    Place,
    Provider,
    ProviderCancellation,
    Rejected,
)
from providers.tmforum.states import item_state
from tests.tmforum.connecting import Row, Shop, go_on, shopping
from tests.tmforum.rows import order
from tests.web import drop

PLACE = Place(Address("Storgatan", "11122", "Stockholm", "SE", "1", "1102"))
REQUEST = OrderRequest(
    "o-7/1/place/1",
    "gw-7f3a",
    "fibre 100",
    2,
    {"videoQuality": ("UHD",), "channels": ("a", "b"), "cleared": ()},
    PLACE,
    datetime(2026, 4, 1, tzinfo=UTC),
)


def ordering_of(provider: Provider) -> Ordering:
    assert provider.ordering is not None
    return provider.ordering


async def test_an_order_carries_the_key_twice_and_no_name_of_a_person() -> None:
    keys: list[str | None] = []

    async def look(request: web.Request) -> web.Response:
        keys.append(request.headers.get("Idempotency-Key"))
        return go_on()

    shop = Shop(before=look, created=lambda _name, body: order("p-1", externalId=body["externalId"]))
    async with shopping(shop) as provider:
        placed = await ordering_of(provider).place(REQUEST)

    assert (placed.ref, placed.key, placed.state) == ("p-1", REQUEST.key, OrderItemState.ACKNOWLEDGED)
    assert keys == [REQUEST.key]
    assert shop.bodies == [
        {
            "externalId": "o-7/1/place/1",
            "relatedParty": [{"id": "gw-7f3a", "role": "Customer", "@referredType": "Customer"}],
            "requestedStartDate": "2026-04-01T00:00:00+00:00",
            "productOrderItem": [
                {
                    "id": "1",
                    "action": "add",
                    "quantity": 2,
                    "productOffering": {"id": "fibre 100", "@referredType": "ProductOffering"},
                    "product": {
                        "productCharacteristic": [
                            {"name": "videoQuality", "value": "UHD"},
                            {"name": "channels", "value": ["a", "b"]},
                        ],
                        "place": [
                            {
                                "@type": "GeographicAddress",
                                "role": "installation",
                                "streetName": "Storgatan",
                                "streetNr": "1",
                                "postcode": "11122",
                                "city": "Stockholm",
                                "country": "SE",
                                "geographicSubAddress": [{"@type": "GeographicSubAddress", "subUnitNumber": "1102"}],
                            }
                        ],
                    },
                }
            ],
        }
    ]


async def test_the_end_of_a_product_is_an_order_that_deletes_it() -> None:
    shop = Shop(created=lambda _name, body: order("p-2", externalId=body["externalId"]))
    async with shopping(shop) as provider:
        ended = await ordering_of(provider).terminate("prod/1", "o-7/1/remove/1", "gw-7f3a")

    assert (ended.ref, ended.key) == ("p-2", "o-7/1/remove/1")
    assert shop.bodies[0]["productOrderItem"] == [
        {"id": "1", "action": "delete", "product": {"id": "prod/1", "@referredType": "Product"}}
    ]


async def test_an_order_whose_answer_was_lost_is_found_by_its_key() -> None:
    made: list[Row] = []

    async def drops_after_work(request: web.Request) -> web.Response:
        if request.method != "POST":
            return go_on()
        made.append(order("p-1", externalId=(await request.json())["externalId"]))
        return drop(request)

    shop = Shop({"productOrder": made}, before=drops_after_work)
    async with shopping(shop) as provider:
        with pytest.raises(OutcomeUnknown):
            await ordering_of(provider).place(REQUEST)
        found = await ordering_of(provider).find(REQUEST.key)

    assert found is not None
    assert (found.ref, len(made)) == ("p-1", 1)


@pytest.mark.parametrize(
    "body",
    [
        "",
        "[]",
        "{}",
        '{"id": null}',
        '{"id": {"x": 1}}',
        "<html>",
        '{"id": 7, "state": {"of": "confusion"}, "productOrderItem": "none"}',
        '{"id": "7", "state": "acknowledged", "externalId": "another"}',
    ],
)
async def test_an_accepted_order_without_a_readable_answer_may_have_been_made(body: str) -> None:
    async def nonsense(_request: web.Request) -> web.Response:
        return web.Response(status=201, text=body, content_type="application/json")

    async with shopping(Shop(before=nonsense)) as provider:
        with pytest.raises(OutcomeUnknown):
            await ordering_of(provider).place(REQUEST)


async def test_a_refused_order_has_the_providers_reason() -> None:
    async def refuses(_request: web.Request) -> web.Response:
        return web.json_response({"code": "NO_PORT", "reason": "none is free", "@type": "Error"}, status=422)

    async with shopping(Shop(before=refuses)) as provider:
        with pytest.raises(Rejected) as caught:
            await ordering_of(provider).place(REQUEST)

    assert (caught.value.reason, caught.value.detail) == ("NO_PORT", "none is free")


@pytest.mark.parametrize("is_known", [True, False])
async def test_a_conflict_is_the_order_of_that_key_where_there_is_one(is_known: bool) -> None:
    async def conflicts(request: web.Request) -> web.Response:
        if request.method == "POST":
            return web.json_response({"code": "DUPLICATE", "reason": "known"}, status=409)
        return go_on()

    rows = [order("p-1", externalId=REQUEST.key)] if is_known else []
    async with shopping(Shop({"productOrder": rows}, before=conflicts)) as provider:
        if is_known:
            assert (await ordering_of(provider).place(REQUEST)).ref == "p-1"
        else:
            with pytest.raises(Rejected):
                await ordering_of(provider).place(REQUEST)


async def test_find_checks_each_row_of_a_provider_that_ignores_the_filter() -> None:
    rows = [order(f"p-{n}", externalId=f"key-{n}") for n in range(25)]

    async with shopping(Shop({"productOrder": rows}), page_size=10) as provider:
        ordering = ordering_of(provider)
        found = await ordering.find("key-24")

        assert found is not None
        assert found.ref == "p-24"
        assert await ordering.find("key-2") != found
        assert await ordering.find("key-25") is None


@pytest.mark.parametrize(
    ("rows", "total"), [([order("p-1")], "1"), ([], "3"), ([order("p-1", externalId="other")], "2")]
)
async def test_find_says_nothing_where_the_list_cannot_be_trusted(rows: list[Row], total: str) -> None:
    async def doubtful(request: web.Request) -> web.Response:
        page = rows if request.query["offset"] == "0" else []
        return web.json_response(page, headers={"X-Total-Count": total})

    async with shopping(Shop(before=doubtful)) as provider:
        with pytest.raises(ContractBroken):
            await ordering_of(provider).find("key-1")


@pytest.mark.parametrize(
    ("order_state", "item", "expected"),
    [
        ("acknowledged", None, (OrderItemState.ACKNOWLEDGED, "acknowledged")),
        ("completed", "inProgress", (OrderItemState.COMPLETED, "completed")),
        ("inProgress", "failed", (OrderItemState.FAILED, "failed")),
        ("completed", "failed", (OrderItemState.FAILED, "failed")),
        ("failed", "completed", (OrderItemState.COMPLETED, "completed")),
        ("partial", "completed", (OrderItemState.COMPLETED, "completed")),
        ("partial", None, (OrderItemState.IN_PROGRESS, "partial")),
        ("inProgress", "held", (OrderItemState.HELD, "held")),
        ("assessingCancellation", "inProgress", (OrderItemState.ASSESSING_CANCELLATION, "assessingCancellation")),
        ("pendingCancellation", None, (OrderItemState.PENDING_CANCELLATION, "pendingCancellation")),
        ("pending", "acknowledged", (OrderItemState.PENDING, "pending")),
        ("rejected", "acknowledged", (OrderItemState.REJECTED, "rejected")),
        ("waitingForParts", None, (OrderItemState.IN_PROGRESS, "waitingForParts")),
        ("waitingForParts", "held", (OrderItemState.HELD, "held")),
        (None, None, (OrderItemState.IN_PROGRESS, "")),
    ],
)
def test_the_state_of_order_and_item_is_one(
    order_state: str | None, item: str | None, expected: tuple[OrderItemState, str]
) -> None:
    assert item_state(order_state, item) == expected


async def track(row: Row) -> Any:
    async with shopping(Shop({"productOrder": [row]})) as provider:
        return await ordering_of(provider).track(row["id"])


async def test_the_reason_of_a_failure_is_the_newest_note_and_its_code() -> None:
    notes = [
        {"text": "Reached the cabinet", "date": "2026-03-01T10:00:00"},
        {"text": "NO_FREE_PORT: none is left", "date": "2026-03-01T12:00:00+01:00"},
        {"text": "Ordered", "date": "2026-02-01T10:00:00Z"},
    ]

    failed = await track(order(state="failed", note=notes))
    going_on = await track(order(state="inProgress", note=notes))
    plain = await track(order(state="rejected", note=[{"text": "Sold out: sorry"}]))
    newer = await track(
        order(state="failed", note=notes, productOrderErrorMessage=[{"code": 17, "reason": "Cut cable"}])
    )

    assert (failed.reason, failed.text) == ("NO_FREE_PORT", "none is left")
    assert (going_on.reason, going_on.text) == (None, "")
    assert (plain.reason, plain.text) == (None, "Sold out: sorry")
    assert (newer.reason, newer.text) == ("17", "Cut cable")


async def test_the_product_and_the_expected_day_are_read_as_soon_as_they_are_there() -> None:
    row = order(item={"product": {"id": 4711}}, expectedCompletionDate="2026-03-02T08:00:00")

    async with shopping(Shop({"productOrder": [row]}), time_zone="Europe/Stockholm") as provider:
        found = await ordering_of(provider).track("o-1")

    assert found.product_ref == "4711"
    assert found.expected_completion_at == datetime(2026, 3, 2, 7, 0, tzinfo=UTC)


async def test_an_order_that_is_gone_breaks_the_contract() -> None:
    async with shopping(Shop({"productOrder": []})) as provider:
        with pytest.raises(ContractBroken):
            await ordering_of(provider).track("o-1")


async def cancel(shop: Shop) -> ProviderCancellation:
    async with shopping(shop) as provider:
        return await ordering_of(provider).cancel("o-1", "key", "moved")


@pytest.mark.parametrize(
    ("raw", "state"),
    [
        ("acknowledged", CancellationState.ACKNOWLEDGED),
        ("inProgress", CancellationState.IN_PROGRESS),
        ("done", CancellationState.DONE),
        ("terminatedWithError", CancellationState.REFUSED),
        ("rejected", CancellationState.REFUSED),
        ("beingDiscussed", CancellationState.IN_PROGRESS),
    ],
)
async def test_a_cancellation_is_answered_with_its_state(raw: str, state: CancellationState) -> None:
    shop = Shop(created=lambda _name, body: {"id": "c-1", "state": raw, **body})

    answer = await cancel(shop)

    assert (answer.ref, answer.state) == ("c-1", state)
    assert shop.bodies == [
        {"productOrder": {"id": "o-1", "@referredType": "ProductOrder"}, "cancellationReason": "moved"}
    ]


def refusing(status: int, rows: list[Row]) -> Shop:
    async def refuses(request: web.Request) -> web.Response:
        if request.method == "POST":
            return web.json_response({"code": "TOO_LATE", "reason": "it is on the van"}, status=status)
        return go_on()

    return Shop({"cancelProductOrder": rows}, before=refuses)


@pytest.mark.parametrize("status", [409, 422])
async def test_a_refusal_at_once_is_an_answer(status: int) -> None:
    answer = await cancel(refusing(status, []))

    assert answer == ProviderCancellation(None, CancellationState.REFUSED, "TOO_LATE", "it is on the van")


async def test_a_refusal_to_cancel_twice_is_the_cancellation_under_way() -> None:
    rows = [
        {"id": "c-0", "state": "terminatedWithError", "productOrder": {"id": "o-1"}},
        {"id": "c-9", "state": "done", "productOrder": {"id": "another"}},
        {"id": "c-1", "state": "inProgress", "productOrder": {"id": "o-1"}, "requestedCancellationDate": "2026-03-01"},
    ]

    answer = await cancel(refusing(409, rows))

    assert (answer.ref, answer.state) == ("c-1", CancellationState.IN_PROGRESS)


async def test_an_order_of_which_only_others_have_cancellations_has_none() -> None:
    rows = [{"id": "c-9", "state": "done", "productOrder": {"id": "another"}}]

    async with shopping(Shop({"cancelProductOrder": rows})) as provider:
        assert await ordering_of(provider).cancellation("o-1") is None


async def test_a_cancellation_without_an_answer_leaves_the_outcome_unknown() -> None:
    async def silent(request: web.Request) -> web.Response:
        return drop(request)

    async with shopping(Shop(before=silent), limits=Limits(change_timeout_s=0.5)) as provider:
        with pytest.raises(OutcomeUnknown):
            await ordering_of(provider).cancel("o-1", "key", None)
