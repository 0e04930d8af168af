"""What was seen of public TM Forum servers, and the adapter takes: each a small server that does just that."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from aiohttp import web

from gateway.contract import (
    Address,
    CancellationState,
    OrderItemState,
    OrderRequest,
    OutcomeUnknown,
    Place,
    ProductOffering,
    Provider,
    ProviderCancellation,
    Rejected,
    Signal,
    SignalKind,
    provider_id,
)
from tests.tmforum.connecting import Row, Shop, connected, go_on, resource_in, shopping
from tests.tmforum.rows import offering, order, recurring
from tests.web import serving

PLACE = Place(Address("Storgatan", "11122", "Stockholm", "SE"))
REQUEST = OrderRequest("k/1", "gw-7f3a", "tv", place=PLACE)
VERSIONS = pytest.mark.parametrize("version", ["V4", "V5"])


async def sold(provider: Provider) -> list[str]:
    assert provider.catalog is not None
    snapshot = await provider.catalog.snapshot(None)
    assert snapshot is not None
    return [each.ref for each in snapshot.offerings]


async def test_an_href_of_another_scheme_host_or_path_is_never_followed() -> None:
    """Behind a proxy that ends TLS, many answer with their inner address."""
    wrong = "https://10.0.0.9:8443/inner/productOfferingPrice/fee"
    shop = Shop(
        {
            "productOffering": [offering("tv", href=wrong, productOfferingPrice=[{"id": "fee", "href": wrong}])],
            "productOfferingPrice": [{**recurring("fee"), "href": wrong}],
        }
    )
    async with shopping(shop) as provider:
        assert provider.catalog is not None
        found = await provider.catalog.offering("tv")

    assert isinstance(found, ProductOffering)
    assert [each.id for each in found.prices] == [provider_id("ProductOfferingPrice", "granit", "fee")]
    assert dict(shop.calls) == {"GET productOffering/tv": 1, "GET productOfferingPrice/fee": 1}


@pytest.mark.parametrize(
    ("name", "event", "signal"),
    [
        ("ProductOrderCreationNotification", {"productOrder": {"id": "o"}}, Signal(SignalKind.ORDER, "o")),
        ("productOrderStateChangeNotification", {"productOrder": {"id": "o"}}, Signal(SignalKind.ORDER, "o")),
        ("OrderCreationNotification", {"productOrder": {"id": "o"}}, Signal(SignalKind.ORDER, "o")),
        ("ProductCreationNotification", {"product": {"id": "p"}}, Signal(SignalKind.PRODUCT, "p")),
        (
            "ProductOfferingCreationNotification",
            {"productOffering": {"id": "tv"}},
            Signal(SignalKind.CATALOG, "tv"),
        ),
        ("BillCreationNotification", {"customerBill": {"id": "b"}}, Signal(SignalKind.BILL, "b")),
    ],
)
async def test_an_event_may_be_named_creation_notification(name: str, event: Row, signal: Signal) -> None:
    async with connected("http://127.0.0.1:9") as provider:
        assert provider.events is not None
        assert provider.events.read({"eventType": name, "event": event}) == (signal,)


async def cancel(shop: Shop, version: str) -> tuple[ProviderCancellation, ProviderCancellation | None]:
    async with shopping(shop, version=version, cancel_by="PATCH") as provider:
        assert provider.ordering is not None
        return (
            await provider.ordering.cancel("o-1", "k", "moved"),
            await provider.ordering.cancellation("o-1"),
        )


def patching(status: int, body: Row | None, state: str) -> Shop:
    async def patches(request: web.Request) -> web.Response:
        if request.method != "PATCH":
            return go_on()
        shop.bodies.append(await request.json())
        return web.Response(status=status) if body is None else web.json_response(body, status=status)

    shop = Shop({"productOrder": [order("o-1", state)]}, before=patches)
    return shop


@VERSIONS
@pytest.mark.parametrize("status", [200, 201])
async def test_a_patch_that_is_answered_as_a_creation_has_cancelled(status: int, version: str) -> None:
    shop = patching(status, order("o-1", "cancelled"), "cancelled")

    done = ProviderCancellation(None, CancellationState.DONE)
    assert await cancel(shop, version) == (done, done)
    assert shop.bodies == [
        {
            **({"@type": "ProductOrder"} if version == "V5" else {}),
            "state": "cancelled",
            "cancellationReason": "moved",
        }
    ]
    assert dict(shop.calls) == {"PATCH productOrder/o-1": 1, "GET productOrder/o-1": 1}


@pytest.mark.parametrize(
    ("status", "body", "state", "asked", "known"),
    [
        (202, None, "assessingCancellation", CancellationState.IN_PROGRESS, CancellationState.IN_PROGRESS),
        (204, None, "inProgress", CancellationState.IN_PROGRESS, None),
        (200, order("o-1", "inProgress"), "inProgress", CancellationState.IN_PROGRESS, None),
        (409, {"code": 4, "reason": "too late"}, "inProgress", CancellationState.REFUSED, None),
        (409, {"code": 4, "reason": "already"}, "cancelled", CancellationState.DONE, CancellationState.DONE),
    ],
)
async def test_what_became_of_a_patch_stands_in_the_order(
    status: int, body: Row | None, state: str, asked: CancellationState, known: CancellationState | None
) -> None:
    answer, later = await cancel(patching(status, body, state), "V4")

    assert answer.state is asked
    assert (later.state if later else None) is known


@VERSIONS
async def test_a_provider_that_refuses_types_says_so_and_gets_none_by_setting(version: str) -> None:
    async def refuses(request: web.Request) -> web.Response:
        is_typed = request.method == "POST" and "@" in await request.text()
        return (
            web.json_response({"code": 400, "message": "Unrecognized field @type"}, status=400) if is_typed else go_on()
        )

    for types in (True, False):
        shop = Shop(before=refuses, created=lambda _name, body: {**order("o-1"), "externalId": body["externalId"]})
        async with shopping(shop, version=version, types=types) as provider:
            assert provider.ordering is not None
            if types:
                with pytest.raises(Rejected, match="Unrecognized field"):
                    await provider.ordering.place(REQUEST)
            else:
                assert (await provider.ordering.place(REQUEST)).ref == "o-1"
        assert dict(shop.calls) == {"POST productOrder": 1}


@VERSIONS
@pytest.mark.parametrize("shows_key", [True, False])
async def test_an_order_is_made_without_a_state(shows_key: bool, version: str) -> None:
    def made(_name: str, body: Row) -> Row:
        return {"id": "o-1", **{name: value for name, value in body.items() if shows_key or name != "externalId"}}

    shop = Shop(created=made)
    async with shopping(shop, version=version) as provider:
        assert provider.ordering is not None
        placed = await provider.ordering.place(REQUEST)

    assert (placed.ref, placed.state, placed.provider_state) == ("o-1", OrderItemState.ACKNOWLEDGED, "")
    assert placed.key == ("k/1" if shows_key else None)


async def test_an_order_taken_in_without_a_word_is_looked_for() -> None:
    """v5 may answer 202 with nothing in it."""

    async def silent(request: web.Request) -> web.Response:
        return web.Response(status=202) if request.method == "POST" else go_on()

    shop = Shop({"productOrder": [order("o-1", externalId=[{"id": "k/1"}])]}, before=silent)
    async with shopping(shop, version="V5") as provider:
        assert provider.ordering is not None
        with pytest.raises(OutcomeUnknown):
            await provider.ordering.place(REQUEST)
        found = await provider.ordering.find("k/1")

    assert found is not None
    assert found.ref == "o-1"


Page = Callable[[list[Row], int, int], Awaitable[web.Response]]


async def listed(page: Page, count: int = 25) -> tuple[list[str], int]:
    """The offerings that are read, ten a page, and the number of requests that took."""
    rows = [offering(f"o-{number:02}") for number in range(count)]

    async def answer(request: web.Request) -> web.Response:
        offset, limit = int(request.query["offset"]), int(request.query["limit"])
        return await page(rows[offset : offset + limit], offset, count)

    shop = Shop(before=answer)
    async with asyncio.timeout(5), shopping(shop, page_size=10) as provider:
        return await sold(provider), sum(shop.calls.values())


async def test_a_part_of_a_list_is_answered_as_partial_content() -> None:
    async def partial(rows: list[Row], offset: int, count: int) -> web.Response:
        is_last = offset + len(rows) >= count
        return web.json_response(rows[:7], status=200 if is_last else 206)

    refs, calls = await listed(partial)

    assert refs == [f"o-{number:02}" for number in range(25)]
    assert calls == 4


@pytest.mark.parametrize(
    "link",
    ["<>; rel=next", "next", '<http://[oops>; rel="next"', '<https://elsewhere.example/?offset=0>; rel="next"', ",,;"],
)
async def test_a_malformed_or_foreign_link_header_is_not_followed(link: str) -> None:
    async def linked(rows: list[Row], _offset: int, _count: int) -> web.Response:
        return web.json_response(rows, headers={"Link": link})

    refs, calls = await listed(linked)

    assert (len(refs), calls) == (25, 3)


@pytest.mark.parametrize("total", [None, "0", "7", "26", "1000000", "-1", "25, 25", "many"])
async def test_a_missing_or_wrong_total_count_loses_no_row_and_never_loops(total: str | None) -> None:
    async def counted(rows: list[Row], _offset: int, _count: int) -> web.Response:
        return web.json_response(rows, headers={} if total is None else {"X-Total-Count": total})

    refs, calls = await listed(counted)

    assert len(refs) == 25
    assert calls <= 4


async def test_a_provider_that_repeats_its_last_page_is_not_read_for_ever() -> None:
    async def repeated(rows: list[Row], _offset: int, _count: int) -> web.Response:
        return web.json_response(rows or [offering("o-24")], headers={"X-Total-Count": "9999"}, status=206)

    refs, calls = await listed(repeated)

    assert (len(refs), calls) == (25, 4)


@VERSIONS
async def test_a_component_stands_before_the_base_path(version: str) -> None:
    """As each component of the Open Digital Architecture's canvas has it, its hub too."""
    paths: list[str] = []

    async def component(request: web.Request) -> web.StreamResponse:
        paths.append(request.path)
        return await shop(request)

    shop = Shop({"productOffering": [offering("tv")]}, created=lambda _name, body: {"id": "h", **body})
    lacked = dict.fromkeys(("qualification", "ordering", "inventory", "billing"))
    async with serving(component) as url:
        root = f"{url}/r1-productcatalogmanagement/tmf-api"
        async with connected(root, version=version, paths=lacked) as provider:
            assert provider.events is not None
            assert await sold(provider) == ["tv"]
            await provider.events.subscribe("http://gateway.example/a")

    base = f"/r1-productcatalogmanagement/tmf-api/productCatalogManagement/{version.lower()}"
    assert paths == [f"{base}/productOffering", f"{base}/hub", f"{base}/hub/h"]
    assert {resource_in(path) for path in paths} == {"productOffering", "hub", "hub/h"}


@pytest.mark.parametrize(
    ("code", "read"), [(4001, "4001"), (4001.0, "4001"), ("4001", "4001"), (None, None), (True, None)]
)
async def test_an_error_code_may_be_a_number(code: object, read: str | None) -> None:
    async def refuses(_request: web.Request) -> web.Response:
        return web.json_response({"code": code, "reason": "no", "status": 422}, status=422)

    async with shopping(Shop(before=refuses)) as provider:
        assert provider.ordering is not None
        with pytest.raises(Rejected) as caught:
            await provider.ordering.place(REQUEST)

    assert (caught.value.reason, caught.value.detail) == (read, "no")


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("2026-03-02T08:00:00Z", datetime(2026, 3, 2, 8, tzinfo=UTC)),
        ("2026-03-02T08:00:00+02:00", datetime(2026, 3, 2, 6, tzinfo=UTC)),
        ("2026-03-02T08:00:00+0200", datetime(2026, 3, 2, 6, tzinfo=UTC)),
        ("2026-03-02T08:00:00.123456789Z", datetime(2026, 3, 2, 8, 0, 0, 123456, tzinfo=UTC)),
        ("2026-03-02T08:00:00", datetime(2026, 3, 2, 7, tzinfo=UTC)),
        ("2026-03-02 08:00", datetime(2026, 3, 2, 7, tzinfo=UTC)),
        ("2026-03-02", datetime(2026, 3, 1, 23, tzinfo=UTC)),
        ("next Monday", None),
        (1772438400000, None),
    ],
)
async def test_a_date_has_an_offset_or_none(written: Any, read: datetime | None) -> None:
    shop = Shop({"productOrder": [order(expectedCompletionDate=written)]})
    async with shopping(shop, time_zone="Europe/Stockholm") as provider:
        assert provider.ordering is not None
        found = await provider.ordering.track("o-1")

    assert found.expected_completion_at == read
