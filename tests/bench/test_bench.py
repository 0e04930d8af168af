"""The benchmark itself, on so little that its figures mean nothing: each part measures what it says that it does."""

from pathlib import Path

import pytest

from tests.bench import many_providers, members, policy, queries, subscribers, tracing
from tests.bench.__main__ import main
from tests.bench.figures import Figure, renewed, table


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
