"""The consumer contract's runs, document by document, against a demo."""

from pathlib import Path

import pytest

from tests.e2e.consumer import consumer
from tests.e2e.expectations import TABLE
from tests.e2e.playing import BOOK, RUNS, Play, Run, play_all
from tests.e2e.processes import Program, credentials

# What a document's runs prove.
PROOFS: dict[str, tuple[str, ...]] = {
    "01": ("V1", "V2", "R1", "R2"),
    "02": ("V3", "F1"),
    "03": ("V3", "F3"),
    "04": ("F4",),
    "05": ("V4", "V5"),
    "06": ("V5", "V6", "V7", "R6"),
    "07": ("V5", "V6", "V7"),
    "08": ("F3",),
    "09": ("F3",),
    "10": ("F2", "F3", "R8"),
    "11": ("V4", "V5", "V6", "V7", "F6", "R9"),
    "12": ("V8", "V9", "R7"),
    "13": ("V8", "S3"),
    "14": ("F12",),
    "15": ("F11",),
    "16": ("F11", "S3"),
    "17": ("B1", "B2"),
    "18": ("V9",),
    "19": ("V9",),
    "20": ("F1",),
}

CASES = [
    pytest.param(run, id=str(run), marks=[pytest.mark.requirement(*PROOFS[run.document])])
    if run.document in PROOFS
    else pytest.param(run, id=str(run))
    for run in RUNS
]


@pytest.fixture(scope="module")
def outcomes() -> list[Exception | None]:
    """What came of each run, once they have been played."""
    return []


@pytest.fixture
async def played(running: Program, demo_data: Path, outcomes: list[Exception | None]) -> list[Exception | None]:
    """All runs, played once in the order of the book."""
    if not outcomes:
        async with consumer(running.url) as nobody:
            for step, status in zip(BOOK["http"], (201, 200), strict=True):
                path = step["request"].removeprefix("POST ")
                assert (await nobody.post(path, step["body"]))[0] == status
            passwords = credentials(demo_data)
            body = BOOK["http"][1]["body"]
            callers = {name: await nobody.signed_in(name, passwords[name]) for name in ("demo", "operator")}
            callers["maria"] = await nobody.signed_in(body["username"], body["password"])
            play = Play({"nobody": nobody, **callers})
            outcomes += await play_all(play, [check for _, _, check in TABLE])
    return outcomes


def test_the_table_of_expectations_is_the_book() -> None:
    assert [(run.document, run.expect) for run in RUNS] == [(number, expect) for number, expect, _ in TABLE]


@pytest.mark.parametrize("run", CASES)
def test_the_run_answers_as_the_contract_says(run: Run, played: list[Exception | None]) -> None:
    outcome = played[run.number - 1]
    if outcome is not None:
        raise outcome
