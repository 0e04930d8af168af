"""What reading shows of a provider: one outcome a check, ours alone in its words, all of them within a minute."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from gateway.contract import Provider, Unavailable
from gateway.domain.registrations import CheckOutcome, CheckResult
from gateway.federation import checks
from gateway.federation.checks import READS, check_reads
from gateway.kit.conformance.bench import Bench
from tests.kit.example import adapter, bergby, declared

SECRET = "what stands in a body"


async def outcomes(provider: Provider) -> list[CheckOutcome]:
    return [each async for each in check_reads(provider)]


class Broken:
    """A catalogue that fails with the provider's own words, and counts how often it is asked."""

    asked = 0

    async def snapshot(self, known_version: str | None) -> Any:
        self.asked += 1
        raise Unavailable("bergby", "catalog", SECRET)

    async def offering(self, ref: str) -> Any:
        return None


async def test_each_check_and_each_lacking_capability_has_one_outcome() -> None:
    async with bergby() as url, Bench(adapter(), declared(url)).connected() as provider:
        found = await outcomes(provider)

    has = [each.name for each in READS if each.needs[0] in provider.capabilities]
    assert [each.name for each in found if each.result is CheckResult.PASSED] == has
    assert len(has) == 11
    lacking = [each.name for each in found if each.result is CheckResult.LACKING]
    assert lacking == ["billing", "events", "polled_events"]
    assert {each.result for each in found} == {CheckResult.PASSED, CheckResult.LACKING}


async def test_no_outcome_has_a_word_of_the_providers_and_a_failed_reading_is_not_tried_again() -> None:
    catalog = Broken()
    async with bergby() as url, Bench(adapter(), declared(url)).connected() as provider:
        found = await outcomes(replace(provider, catalog=catalog))

    failed = {each.name: each.detail for each in found if each.result is CheckResult.FAILED}
    assert failed == dict.fromkeys(
        [*(each.name for each in READS if each.needs == ("catalog",) and each.name != "catalog.unknown-ref"),
         "qualification.order"],
        "PROVIDER_UNAVAILABLE",
    )  # fmt: skip
    assert catalog.asked == 1


async def test_credentials_that_are_not_accepted_are_told_from_a_provider_that_does_not_answer() -> None:
    async with bergby() as url:
        given = declared(url)
        wrong = given.model_copy(update={"settings": {"url": url, "credentials": {"bearer_token": "another"}}})
        async with Bench(adapter(), wrong).connected() as provider:
            found = await outcomes(provider)

    assert {each.detail for each in found if each.result is CheckResult.FAILED} == {"CREDENTIALS_REFUSED"}


async def test_a_reference_of_the_providers_is_not_in_what_a_partner_reads() -> None:
    twice = adapter('[*rows, *page["plans"]]', '[*rows, *page["plans"], page["plans"][0]]')
    async with bergby() as url, Bench(twice, declared(url)).connected() as provider:
        found = {each.name: each for each in await outcomes(provider)}

    assert found["catalog.paging"].result is CheckResult.FAILED
    assert found["catalog.paging"].detail == "2 references are there more than once"


class Silent:
    """A catalogue that never answers."""

    async def snapshot(self, known_version: str | None) -> Any:
        await asyncio.Event().wait()

    async def offering(self, ref: str) -> Any:
        await asyncio.Event().wait()


async def test_what_is_not_done_in_the_time_of_all_checks_has_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "LIMIT_S", 0.2)
    async with bergby() as url, Bench(adapter(), declared(url)).connected() as provider:
        found = await outcomes(replace(provider, catalog=Silent()))

    assert found[0] == CheckOutcome("catalog.paging", CheckResult.FAILED, "all checks together took more than 0.2 s")
    assert len(found) == 14
