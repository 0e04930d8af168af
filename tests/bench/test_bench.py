"""The benchmark itself, on so little that its figures mean nothing: each part measures what it says that it does."""

from pathlib import Path

import pytest

from tests.bench import (
    audiences,
    large_database,
    many_providers,
    members,
    policy,
    queries,
    steady,
    subscribers,
    sustained,
    tracing,
)
from tests.bench.__main__ import main
from tests.bench.audiences import Gathering
from tests.bench.figures import Figure, renewed, table
from tests.bench.sustained import Course
from tests.cluster.servers import needs_redis
from tests.storage.conftest import needs_postgres


def test_a_limit_stands_beside_its_figure() -> None:
    rows = table([Figure("Memory", "50 kB", limit="60 kB"), Figure("CPU", "9 µs", "2.0 × bare")])

    assert rows.splitlines() == [
        "| what   | figure | ratio      | limit |",
        "|--------|--------|------------|-------|",
        "| Memory | 50 kB  |            | 60 kB |",
        "| CPU    | 9 µs   | 2.0 × bare |       |",
    ]


def test_new_figures_take_the_place_of_the_old_in_the_page() -> None:
    page = "Before\n\n<!-- figures -->\n\nOld facts:\n\n| old |\n\n<!-- /figures -->\n\nAfter\n"

    found = renewed(page, "New facts", "| new |")

    assert found == "Before\n\n<!-- figures -->\n\nNew facts:\n\n| new |\n\n<!-- /figures -->\n\nAfter\n"


def test_the_long_parts_have_a_table_of_their_own() -> None:
    page = "<!-- figures -->\n| kept |\n<!-- /figures -->\n<!-- load -->\n| old |\n<!-- /load -->\n"

    found = renewed(page, "New facts", "| new |", "load")

    assert found == (
        "<!-- figures -->\n| kept |\n<!-- /figures -->\n<!-- load -->\n\nNew facts:\n\n| new |\n\n<!-- /load -->\n"
    )


def test_figures_of_some_parts_do_not_take_the_place_of_all() -> None:
    with pytest.raises(SystemExit):
        main(["--readme", "queries"])


async def test_queries_are_measured_beside_handlers_that_answer_the_same(tmp_path: Path) -> None:
    figures = await queries.measure(tmp_path, rounds=1, asks=2)

    assert [each.limit for each in figures] == ["", "", "", "3 × JSON", "", "", "", "", ""]
    assert all(each.value.endswith(" µs") and each.value != "0 µs" for each in figures)


async def test_traces_are_measured_until_the_last_span_has_come(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "100")
    without, more = await tracing.measure(tmp_path, rounds=1, asks=1)

    assert without.value.endswith(" µs")
    assert more.limit == "10%"


async def test_a_page_of_members_is_measured_for_a_manager_and_for_a_plain_member(tmp_path: Path) -> None:
    figures = await members.measure(tmp_path, members=150, asks=1)

    assert [each.limit for each in figures] == ["20 ms", "20 ms"]
    assert all(each.value.endswith(" ms") for each in figures)


async def test_the_policy_is_measured_beside_itself_without_its_checks(tmp_path: Path) -> None:
    figures = await policy.measure(tmp_path, rounds=1, asks=1, members=3)

    assert [each.limit for each in figures] == ["5%", "10%", "50 µs", "10 µs"]
    assert [each.value[-1] for each in figures] == ["%", "%", "s", "s"]


async def test_a_page_is_measured_with_a_provider_dead_and_one_slow_beside_all_healthy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(many_providers, "SLOW_S", 0.1)

    figures = await many_providers.measure(tmp_path, providers=3, asks=1)

    assert [each.limit for each in figures] == ["", "1.2 ×", "", "250 MB"]
    assert figures[1].beside.endswith(" × all healthy")


@pytest.mark.timeout(240)
@pytest.mark.parametrize("transport", list(subscribers.SUBSCRIBERS))
async def test_every_event_is_measured_from_its_moment_to_the_last_subscriber(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, transport: str
) -> None:
    monkeypatch.setattr(subscribers, "SETTLING_S", 0.5)
    monkeypatch.setattr(subscribers, "DELIVERY_S", (0.2, 0.3))

    try:
        figures = await subscribers.measured(tmp_path / transport, transport, number=5, ahead_s=7)
    except subscribers.TooLate:
        # On a machine that is busy.
        figures = await subscribers.measured(tmp_path / "again", transport, number=5, ahead_s=40)

    memory, _, _, per_delivery, _, last, _ = figures
    assert [memory.limit, per_delivery.limit, last.limit] == ["60 kB", "80 µs", "200 ms"]
    assert int(per_delivery.name.partition("over ")[2].split()[0]) >= 10


@needs_postgres
@needs_redis
@pytest.mark.timeout(240)
async def test_subscribers_of_many_orders_and_of_one_are_sent_every_event_over_two_gateways(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audiences, "PAUSE_S", 0.3)

    figures = await audiences.measured(tmp_path, [Gathering(3, 4, events=4), Gathering(1, 8, events=3)])

    many, one = figures[: len(figures) // 2], figures[len(figures) // 2 :]
    # Each event has the four subscribers of its order, two at each gateway; then the one order's eight.
    assert [(many[0].value, many[0].limit), (one[0].value, one[0].limit)] == [("0 of 16", "0"), ("0 of 24", "0")]
    assert many[1].limit == one[1].limit == "1 s"
    assert one[0].name == "8 subscribers of one order over 2 gateways, 3 events in 0.9 s: deliveries missed"


@pytest.mark.timeout(240)
@pytest.mark.parametrize("engine", ["SQLite", pytest.param("PostgreSQL", marks=needs_postgres)])
async def test_pages_are_measured_with_many_orders_beside_the_same_with_few(tmp_path: Path, engine: str) -> None:
    figures = await large_database.measured(tmp_path, engine, few=1000, many=1100, asks=2)

    assert figures[0].name == f"1,100 orders, 13,200 events, {engine}: the page of an order"
    assert [each.limit for each in figures] == ["1.2 ×"] * 4
    assert all(each.value.endswith(" ms") and each.beside.endswith(" × 1,000 orders") for each in figures)


@needs_postgres
@needs_redis
@pytest.mark.timeout(240)
async def test_memory_is_measured_at_two_moments_of_a_steady_load(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(steady, "CUSTOMERS", 2)
    monkeypatch.setattr(steady, "SAMPLE_S", 0.2)
    monkeypatch.setattr(steady, "PER_S", {"order": 0.5, "query": 2.0, "follow": 1.0, "sign in": 0.5})
    monkeypatch.setattr(steady, "STAY_S", 1.0)

    shared, single = await steady.measured(tmp_path, from_s=6, to_s=12, around_s=2)

    assert shared.name.startswith("Memory of 2 gateways on PostgreSQL and Redis from minute 0.1 to 0.2: ")
    assert single.name.startswith("Memory of a gateway on SQLite from minute 0.1 to 0.2: ")
    assert [each.limit for each in (shared, single)] == ["+5%", "+5%"]
    assert [each.value.endswith(" MB") for each in (shared, single)] == [True, True]


@needs_postgres
async def test_orders_are_counted_while_as_many_come_as_are_delivered(tmp_path: Path) -> None:
    figures = await sustained.measured(tmp_path, Course(per_s=2.0, in_flight=6, counted_s=4.0))

    assert [each.limit for each in figures] == ["≥ 8", "", "120 ms", "", "150 ms"]
    assert float(figures[0].value) > 0
