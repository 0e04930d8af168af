"""`gateway audit`: the trail on a data folder, checked, handed out, shortened."""

import asyncio
import csv
import json
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway.cli import audit, clients
from gateway.cli.refusal import Refusal
from gateway.storage import MemoryWakeUps, SystemClock, open_storage
from gateway.storage.audit_trail import HEAD_FILE, KEY_FILE

Capture = pytest.CaptureFixture[str]
TOMORROW = datetime.now(UTC) + timedelta(days=1)


@pytest.fixture
def data(tmp_path: Path, capsys: Capture) -> Path:
    """A folder with three events."""
    folder = tmp_path / "data"
    for name in ("one", "two", "three"):
        clients.add_client(name, [], folder)
    capsys.readouterr()
    return folder


def tamper(data: Path, *statements: str) -> None:
    with sqlite3.connect(data / "gateway.db") as connection:
        for statement in statements:
            connection.execute(statement)
    connection.close()


def noted(data: Path) -> tuple[int, str]:
    content = json.loads((data / HEAD_FILE).read_text())
    return content["sequence"], content["digest"]


@pytest.mark.requirement("S4", "S7")
def test_a_trail_that_is_whole_is_said_with_its_count_and_head(data: Path, capsys: Capture) -> None:
    status = audit.verify(None, None, data)

    sequence, digest = noted(data)
    assert (status, sequence) == (0, 3)
    assert capsys.readouterr().out.splitlines() == ["the audit trail is whole: 3 events", f"head 3:{digest}"]
    assert [(data / each).stat().st_mode & 0o777 for each in (KEY_FILE, HEAD_FILE)] == [0o600, 0o600]


@pytest.mark.requirement("S4")
@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("UPDATE security_event SET kind = 'SIGNED_IN' WHERE seq = 2", "event 2 is not what was recorded"),
        ("DELETE FROM security_event WHERE seq = 2", "event 2 was removed"),
        ("DELETE FROM security_event WHERE seq = 3", "event 3 and all after it were cut off"),
        ("UPDATE security_event SET previous = 'x' WHERE seq = 3", "event 3 stands in another's place"),
    ],
)
def test_the_first_event_that_is_wrong_is_named(data: Path, capsys: Capture, statement: str, said: str) -> None:
    tamper(data, statement)

    assert audit.verify(None, None, data) == 1

    assert capsys.readouterr().out == f"the audit trail is broken: {said}\n"


def test_the_end_cut_off_with_its_head_is_found_by_the_folders_note(data: Path, capsys: Capture) -> None:
    tamper(
        data,
        "DELETE FROM security_event WHERE seq = 3",
        "UPDATE security_head SET seq = 2, digest = (SELECT digest FROM security_event WHERE seq = 2)",
    )

    assert audit.verify(None, None, data) == 1

    assert capsys.readouterr().out == "the audit trail is broken: event 3 and all after it were cut off\n"


def test_a_cut_is_not_covered_up_by_what_is_recorded_after_it(data: Path, capsys: Capture) -> None:
    before = noted(data)
    tamper(
        data,
        "DELETE FROM security_event WHERE seq > 1",
        "UPDATE security_head SET seq = 1, digest = (SELECT digest FROM security_event WHERE seq = 1)",
    )

    clients.add_client("four", [], data)
    capsys.readouterr()
    first = audit.verify(None, None, data)
    clients.add_client("five", [], data)
    second = audit.verify(None, None, data)

    assert (noted(data), first, second) == (before, 1, 1)
    said = [line for line in capsys.readouterr().out.splitlines() if line.startswith("the audit trail")]
    assert said == [
        "the audit trail is broken: event 3 and all after it were cut off",
        "the audit trail is broken: event 3 is not what was recorded",
    ]


def test_a_head_that_was_noted_elsewhere_must_be_there(data: Path, capsys: Capture) -> None:
    sequence, digest = noted(data)

    assert audit.verify(None, f"{sequence}:{digest}", data) == 0
    assert audit.verify(None, f"2:{digest}", data) == 1
    assert audit.verify(None, f"9:{digest}", data) == 1
    with pytest.raises(Refusal, match="a head is a number and a digest"):
        audit.verify(None, "nonsense", data)


@pytest.mark.requirement("S4", "N4")
def test_an_exported_file_is_checked_as_the_database_is(data: Path, tmp_path: Path, capsys: Capture) -> None:
    file = tmp_path / "trail.jsonl"
    audit.export(file, data)
    lines = file.read_text().splitlines()
    kept = [json.loads(line) for line in lines]

    assert audit.verify(file, None, data) == 0
    assert capsys.readouterr().out.startswith("the audit trail is whole: 4 events\n")
    assert [each.get("kind") for each in kept] == [None, *["CLIENT_ADDED"] * 3, "EVENTS_EXPORTED", None]
    assert file.stat().st_mode & 0o777 == 0o600
    second, last = lines[2], lines[-1]
    damages = {
        "event 2 was removed": lines[:2] + lines[3:],
        "event 2 is not what was recorded": [*lines[:2], second.replace("COMMAND", "NOBODY"), *lines[3:]],
        "event 2 stands in another's place": [*lines[:2], second.replace('previous": "', 'previous": "0'), *lines[3:]],
        "event 4 and all after it were cut off": lines[:4] + lines[5:],
        "event 5 and all after it were cut off": lines[:-1],
        "event 4 is not where the head of the chain says that it ends": [
            *lines[:-1],
            last.replace('"seal": "', '"seal": "0'),
        ],
    }
    for said, changed in damages.items():
        file.write_text("\n".join(changed) + "\n")
        assert audit.verify(file, None, data) == 1
        assert capsys.readouterr().out == f"the audit trail is broken: {said}\n"


@pytest.mark.parametrize(
    "content", ["", "no json\n", "[]\n", '{"audit": 1}\n', '{"audit": 1, "anchor": null}\n{"a": 1}\n']
)
def test_a_file_that_is_no_trail_is_refused(data: Path, tmp_path: Path, content: str) -> None:
    file = tmp_path / "file"
    file.write_text(content)

    with pytest.raises(Refusal, match=r"line [12] is none of an exported audit trail"):
        audit.verify(file, None, data)


def test_the_trail_is_written_to_stdout_too(data: Path, capsys: Capture) -> None:
    assert audit.export(None, data) == 0

    assert len(capsys.readouterr().out.splitlines()) == 6


@pytest.mark.requirement("S4", "N4")
def test_the_trail_is_written_as_a_table_too(data: Path, tmp_path: Path, capsys: Capture) -> None:
    file = tmp_path / "trail.csv"

    statuses = audit.export(file, data, "csv"), audit.export(None, data, "csv")

    assert statuses == (0, 0)
    with file.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert [each["kind"] for each in rows] == [*["CLIENT_ADDED"] * 3, "EVENTS_EXPORTED"]
    assert {each["parameters"] for each in rows if each["kind"] == "EVENTS_EXPORTED"} == {"by=COMMAND"}
    assert file.stat().st_mode & 0o777 == 0o600
    assert len(capsys.readouterr().out.splitlines()) == 6
    with pytest.raises(Refusal, match="--format is one of jsonl, csv, not xml"):
        audit.export(None, data, "xml")


@pytest.mark.requirement("S4")
def test_retention_is_kept_from_removing_what_is_wrong(data: Path, capsys: Capture) -> None:
    judge(data)
    tamper(data, "UPDATE security_event SET kind = 'SIGNED_IN' WHERE seq = 2")

    assert audit.purge(TOMORROW, data) == 1
    assert capsys.readouterr().out == "the audit trail is broken: event 2 is not what was recorded\n"

    tamper(data, "UPDATE security_event SET kind = 'CLIENT_ADDED' WHERE seq = 2")
    assert audit.purge(TOMORROW, data) == 0
    assert audit.verify(None, None, data) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[:2] == [
        "3 events are removed",
        "the audit trail is whole: 1 events, 3 before them removed by retention",
    ]


def judge(data: Path) -> None:
    """As if the rules of alarm had been applied to all there is."""

    async def judged() -> None:
        address = f"sqlite:///{data / 'gateway.db'}"
        async with open_storage(address, MemoryWakeUps(), SystemClock(), None) as storage, storage.writing() as unit:
            await unit.security_events.set_judged(3)

    asyncio.run(judged())


def test_addresses_are_erased_by_age(data: Path, capsys: Capture) -> None:
    assert audit.erase(TOMORROW, data) == 0
    assert audit.verify(None, None, data) == 0

    assert capsys.readouterr().out.startswith("0 addresses are erased\nthe audit trail is whole: 4 events\n")


def test_without_its_key_the_trail_can_not_be_checked(data: Path, capsys: Capture) -> None:
    (data / KEY_FILE).unlink()

    assert audit.verify(None, None, data) == 1

    assert "event 1 was chained by a key that is none of these" in capsys.readouterr().out


def test_a_folder_that_no_gateway_ever_started_on_is_not_called_whole(tmp_path: Path, capsys: Capture) -> None:
    with pytest.raises(Refusal, match=r"no event is recorded on the data folder .*mistyped yet") as refusal:
        audit.verify(None, None, tmp_path / "mistyped")

    assert (refusal.value.status, capsys.readouterr().out) == (2, "")


@pytest.mark.parametrize(("file", "content"), [(KEY_FILE, "no key"), (KEY_FILE, ""), (HEAD_FILE, "nothing")])
def test_what_guards_the_trail_and_can_not_be_read_is_said(data: Path, file: str, content: str) -> None:
    (data / file).write_text(content)

    with pytest.raises(Refusal, match=r"audit keys|note of the newest event"):
        audit.verify(None, None, data)
