"""A network that means ill: what is remembered of it is bounded, whatever it comes up with."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, cast

import pytest
from aiohttp import web

from gateway.contract import ChoiceConstraint, ContractBroken, Limits, Signal, SignalKind
from gateway.kit import Area
from providers.onapi import changes, connect
from providers.onapi.changes import ChangingList
from providers.onapi.forms import FormBook
from providers.onapi.reading import Row
from tests.onapi.connecting import connected, settings_of
from tests.web import serving

LATER = "Sun, 01 Mar 2026 12:00:10 GMT"
SINCE = "Sun, 01 Mar 2026 12:00:08 GMT"


@dataclass
class Asked:
    """An area that answers with the same rows each time, and remembers since when it was asked."""

    rows: list[Row]
    since: list[str | None] = field(default_factory=list)

    async def get(self, _path: str, _read: object, modified_since: str | None = None, **_: object) -> Any:
        self.since.append(modified_since)
        return self.rows, SINCE

    async def told(self, followed: ChangingList) -> None:
        await followed.catch_up(cast(Area, self))


def following(take: Callable[[Row], None] = lambda _: None) -> ChangingList:
    return ChangingList("services/", lambda: datetime(2026, 3, 1, 12, tzinfo=UTC), take, lambda: None)


async def test_a_list_of_which_ever_more_changes_is_read_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changes, "MOST_CHANGES", 3)
    followed, area = following(), Asked([{"accessId": "a"}, {"accessId": "b"}])

    for _ in range(5):
        await area.told(followed)

    assert area.since == [None, SINCE, SINCE, None, SINCE]


async def test_a_first_reading_that_is_interrupted_begins_anew_and_loses_no_row() -> None:
    taken: list[Row] = []
    followed, area = following(taken.append), Asked([{"accessId": str(number)} for number in range(1000)])
    reading = asyncio.create_task(area.told(followed))
    while not taken:  # noqa: ASYNC110
        await asyncio.sleep(0)
    reading.cancel()
    await asyncio.gather(reading, return_exceptions=True)
    is_partly = len(taken) < 1000

    taken.clear()
    await area.told(followed)

    assert is_partly
    assert (area.since, len(taken)) == ([None, None], 1000)


async def test_a_network_of_more_services_than_anybody_sells_breaks_the_contract() -> None:
    turn = iter(range(100))

    async def ever_other(_request: web.Request) -> web.Response:
        names = [f"S-{next(turn)}" for _ in range(3)]
        return web.json_response([{"accessId": "a", "services": [{"service": name} for name in names]}])

    async with serving(ever_other) as url:
        settings = replace(settings_of(url, services=None), limits=Limits(rows=4))
        async with connect(settings) as few, connect(replace(settings, limits=Limits(rows=2))) as fewer:
            assert few.catalog is not None
            assert fewer.catalog is not None
            found = [await few.catalog.snapshot(None) for _ in range(3)][-1]
            with pytest.raises(ContractBroken, match="more than 2 services"):
                await fewer.catalog.snapshot(None)

    assert found is not None
    # What is at no access any more was forgotten: there is room for four.
    assert [each.ref for each in found.offerings] == ["S-6", "S-7", "S-8"]


def test_a_form_has_so_many_fields_and_choices_at_most() -> None:
    forms = FormBook()
    for turn in range(3):
        form = {
            f"field-{turn}-{number}": {"validValues": [f"{turn}-{each}" for each in range(400)]} for number in range(40)
        }
        same = {"field-0-0": {"validValues": [f"{turn}-{each}" for each in range(400)]}}
        forms.take({"services": [{"service": "S", "characteristics": {**form, **same}}]})

    fields = forms.fields("S")
    first = fields[0].constraint

    assert len(fields) == 50
    assert isinstance(first, ChoiceConstraint)
    assert len(first.choices) == 500


async def test_of_more_changes_than_anybody_waits_for_the_newest_are_told() -> None:
    rows = [{"objectType": "orders", "objectId": str(number), "path": "x"} for number in range(10_001)]

    async def changed(_request: web.Request) -> web.Response:
        return web.json_response(rows, headers={"Last-Modified": LATER})

    async with serving(changed) as url, connected(url) as provider:
        assert provider.polled_events is not None
        found = await provider.polled_events.since(f"events:{LATER}")

    assert len(found.signals) == 10_000
    assert found.signals[-1] == Signal(SignalKind.ORDER, "10000")
