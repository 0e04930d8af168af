"""Lists, filters, pages, fields and versions, the same for every TM Forum API."""

from pathlib import Path

import aiohttp

from providers.simulator.serving import run_operators
from tests.simulator.calls import CATALOG, ORDERING, Operator


async def test_pages_add_up_to_the_whole_list(aurora: Operator) -> None:
    seen: list[str] = []
    while True:
        async with aurora.session.get(f"{aurora.url}{CATALOG}/productOffering?offset={len(seen)}&limit=12") as response:
            rows = await response.json()
            total, shown = response.headers["X-Total-Count"], response.headers["X-Result-Count"]
        assert (total, shown) == ("29", str(len(rows)))
        if not rows:
            break
        seen += [row["id"] for row in rows]

    assert len(seen) == len(set(seen)) == 29


async def test_a_limit_above_the_page_maximum_answers_the_maximum(aurora: Operator) -> None:
    assert len(await aurora.get(f"{CATALOG}/productOffering?limit=1000")) == 20


async def test_a_limit_that_makes_no_sense_is_a_bad_request(aurora: Operator) -> None:
    for query in ("limit=0", "limit=-1", "limit=x", "offset=-1", "offset=9999999999999"):
        status, body = await aurora.call("GET", f"{CATALOG}/productOffering?{query}")

        assert (status, body["code"], body["status"]) == (400, "INVALID_QUERY", "400")


async def test_filters_look_into_lists(aurora: Operator) -> None:
    bundles = await aurora.get(f"{CATALOG}/productOffering?category.id=iptv&isBundle=true")
    retired = await aurora.get(f"{CATALOG}/productOffering?lifecycleStatus=Retired,Launched")

    assert [row["id"] for row in bundles] == ["komplett", "sportkväll"]
    assert [row["id"] for row in retired] == ["fjäril-fold", "glimt-5"]


async def test_fields_cut_a_resource_down(aurora: Operator) -> None:
    row = await aurora.get(f"{CATALOG}/productOffering/mobil%2Fobegr%C3%A4nsad?fields=name,version")

    assert row == {
        "id": "mobil/obegränsad",
        "href": "/tmf-api/productCatalogManagement/v4/productOffering/mobil%2Fobegr%C3%A4nsad",
        "name": "Aurora Mobil Obegränsad",
        "version": "1.0",
        "@type": "ProductOffering",
    }


async def test_an_unchanged_catalogue_answers_not_modified(aurora: Operator) -> None:
    address = f"{aurora.url}{CATALOG}/productOffering"
    async with aurora.session.get(address) as response:
        version = response.headers["ETag"]

    async with aurora.session.get(address, headers={"If-None-Match": version}) as response:
        assert (response.status, await response.read()) == (304, b"")
    await aurora.call("PATCH", "/_control/offerings/tv-bas", {"prices": {"Monthly fee": 125}})
    async with aurora.session.get(address, headers={"If-None-Match": version}) as response:
        assert response.status == 200
        assert response.headers["ETag"] != version


async def test_what_is_not_there_and_what_is_not_offered_answer_in_tm_forums_shape(aurora: Operator) -> None:
    missing = await aurora.call("GET", f"{CATALOG}/productOffering/nothing")
    refused = await aurora.call("DELETE", f"{ORDERING}/productOrder/1")
    nowhere = await aurora.call("GET", "/somewhere")

    assert [(status, body["code"]) for status, body in (missing, refused, nowhere)] == [
        (404, "NOT_FOUND"),
        (405, "METHOD_NOT_ALLOWED"),
        (404, "NOT_FOUND"),
    ]


async def test_the_control_api_is_there_only_when_asked_for(tmp_path: Path, session: aiohttp.ClientSession) -> None:
    async with run_operators(tmp_path, ("granit",), faults_enabled=False) as urls:
        status, _ = await Operator(session, urls["granit"]).call("GET", "/_control/counts")

    assert status == 404
