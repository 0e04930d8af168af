"""What can be delivered differs from place to place."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from providers.simulator.serving import run_operators
from tests.simulator.calls import QUALIFICATION, Operator

PATH = f"{QUALIFICATION}/productOfferingQualification"


@pytest.fixture
async def market(tmp_path: Path, session: aiohttp.ClientSession) -> AsyncIterator[dict[str, Operator]]:
    """All six operators."""
    async with run_operators(tmp_path) as urls:
        yield {slug: Operator(session, url) for slug, url in urls.items()}


async def _ask(operator: Operator, postcode: str | None, *refs: str, **more: Any) -> Any:
    place = [{"role": "installation", "@type": "GeographicAddress", "postcode": postcode, "country": "SE"}]
    items = [{"id": str(n), "productOffering": {"id": ref}} for n, ref in enumerate(refs)]
    body = {"productOfferingQualificationItem": items, **({"place": place} if postcode else {}), **more}
    status, answer = await operator.call("POST", PATH, body)
    assert status == 201, answer
    return answer


async def _results(operator: Operator, postcode: str | None, *refs: str) -> list[str]:
    answer = await _ask(operator, postcode, *refs)
    return [item["qualificationItemResult"] for item in answer["productOfferingQualificationItem"]]


@pytest.mark.parametrize(
    ("postcode", "fjordnet", "granit", "bundles"),
    [
        ("11122", "qualified", "qualified", ["qualified", "qualified", "qualified"]),
        ("75310", "qualified", "unqualified", ["qualified", "unqualified", "unqualified"]),
        ("41103", "unqualified", "qualified", ["unqualified", "qualified", "qualified"]),
        ("98101", "unqualified", "unqualified", ["unqualified", "unqualified", "unqualified"]),
    ],
)
async def test_each_place_is_served_by_others(
    market: dict[str, Operator], postcode: str, fjordnet: str, granit: str, bundles: list[str]
) -> None:
    assert await _results(market["fjordnet"], postcode, "fibre-100") == [fjordnet]
    assert await _results(market["granit"], postcode, "fiber-100") == [granit]
    aurora = await _results(market["aurora"], postcode, "komplett", "sportkväll")
    assert aurora + await _results(market["tallskog"], postcode, "hemma") == bundles


async def test_what_needs_no_network_is_delivered_everywhere_in_the_country(market: dict[str, Operator]) -> None:
    assert await _results(market["aurora"], "98101", "tv-bas", "mobil 10 GB", "glimt-7") == ["qualified"] * 3
    assert await _results(market["klackspark"], None, "golf/tennis") == ["qualified"]


async def test_a_slower_line_is_offered_where_the_fast_one_does_not_reach(market: dict[str, Operator]) -> None:
    answer = await _ask(market["fjordnet"], "211 20", "fibre-1000", provideAlternative=True)
    item = answer["productOfferingQualificationItem"][0]

    assert answer["qualificationResult"] == item["qualificationItemResult"] == "alternate"
    assert item["eligibilityUnavailabilityReason"][0]["code"] == "BANDWIDTH_NOT_AVAILABLE"
    proposed = [each["alternateProductOffering"]["id"] for each in item["alternateProductOfferingProposal"]]
    assert proposed == ["fibre-100", "fibre-student", "fibre-100-paket"]
    assert all(each["alternateActivationDate"] > "2026" for each in item["alternateProductOfferingProposal"])


@pytest.mark.parametrize(
    ("postcode", "ref", "code"),
    [
        ("98101", "fibre-50", "NO_COVERAGE"),
        ("21120", "5g-50", "ACCESS_NOT_AVAILABLE"),
        (None, "fibre-50", "PLACE_REQUIRED"),
        ("11122", "dsl-2", "NOT_SOLD"),
    ],
)
async def test_the_reason_says_why_not(market: dict[str, Operator], postcode: str | None, ref: str, code: str) -> None:
    answer = await _ask(market["fjordnet"], postcode, ref)

    reasons = answer["productOfferingQualificationItem"][0]["eligibilityUnavailabilityReason"]

    assert [reason["code"] for reason in reasons] == [code]


async def test_an_unknown_offering_ends_its_item_with_an_error(market: dict[str, Operator]) -> None:
    answer = await _ask(market["fjordnet"], "11122", "nothing", "fibre-50")

    unknown, known = answer["productOfferingQualificationItem"]

    assert (unknown["state"], unknown["terminationError"][0]["id"]) == ("terminatedWithError", "UNKNOWN_OFFERING")
    assert (known["state"], known["qualificationItemResult"]) == ("done", "qualified")


async def test_an_answer_can_be_read_again(market: dict[str, Operator]) -> None:
    answer = await _ask(market["fjordnet"], "11122", "fibre-50")

    assert await market["fjordnet"].get(f"{PATH}/{answer['id']}") == answer


async def test_a_question_about_nothing_is_a_bad_request(market: dict[str, Operator]) -> None:
    status, body = await market["fjordnet"].call("POST", PATH, {"place": []})

    assert (status, body["code"]) == (400, "INVALID_BODY")


async def test_a_value_that_is_null_comes_back_as_it_was_sent(market: dict[str, Operator]) -> None:
    item = {"id": "1", "product": {"productCharacteristic": [{"name": "colour", "value": None}]}}
    status, answer = await market["fjordnet"].call("POST", PATH, {"productOfferingQualificationItem": [item]})

    assert status == 201
    assert answer["productOfferingQualificationItem"][0]["product"] == item["product"]
