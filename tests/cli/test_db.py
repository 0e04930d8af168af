"""`gateway db upgrade`: tells of what it changed, once, in a trail that stays whole."""

import json
from pathlib import Path
from typing import Any

import pytest
from alembic.operations import Operations
from sqlalchemy import create_engine

from gateway.cli import audit
from gateway.cli.db import upgrade
from gateway.storage import schema

Capture = pytest.CaptureFixture[str]


def exported(data: Path, tmp_path: Path) -> list[dict[str, Any]]:
    """The events, but for the export's own."""
    audit.export(tmp_path / "trail.jsonl", data)
    return [json.loads(line) for line in (tmp_path / "trail.jsonl").read_text().splitlines()[1:-2]]


def older(data: Path) -> tuple[str, str]:
    """Makes a database as the last version did; its revision, and the newest."""
    data.mkdir()
    engine, script = create_engine(f"sqlite:///{data / 'gateway.db'}"), schema.revisions()
    newest = script.get_current_head() or ""
    before = str(script.get_revision(newest).down_revision)
    with engine.begin() as connection:
        context = schema.migration_context(connection)
        with Operations.context(context):
            for revision in reversed(list(script.iterate_revisions(before, "base"))):
                revision.module.upgrade()
        context.stamp(script, before)
    engine.dispose()
    return before, newest


@pytest.mark.requirement("S4")
def test_an_upgrade_is_told_once_with_what_it_came_from(tmp_path: Path, capsys: Capture) -> None:
    data = tmp_path / "data"
    before, newest = older(data)

    assert [upgrade(data), upgrade(data)] == [0, 0]

    (told,) = exported(data, tmp_path)
    assert (told["kind"], told["actor_id"], told["customer_id"]) == ("DATABASE_UPGRADED", None, None)
    assert json.loads(told["params"]) == {"by": "COMMAND", "from": before, "to": newest}
    assert audit.verify(None, None, data) == 0
    assert "the audit trail is whole: 2 events" in capsys.readouterr().out


def test_a_new_database_is_no_upgrade(tmp_path: Path) -> None:
    data = tmp_path / "data"

    assert upgrade(data) == 0

    assert exported(data, tmp_path) == []


@pytest.mark.requirement("S4")
def test_an_upgrade_that_fails_is_not_told_and_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = tmp_path / "data"
    before, newest = older(data)
    script = schema.revisions()

    def fail(_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("gateway.storage.security.SqlSecurityEvents.chain_up", fail)
    with pytest.raises(ZeroDivisionError):
        upgrade(data)
    monkeypatch.undo()

    assert script.get_current_head() == newest
    assert upgrade(data) == 0
    assert [json.loads(each["params"])["from"] for each in exported(data, tmp_path)] == [before]
