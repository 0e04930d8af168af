"""The page about security says what is so, and its commands work as they stand."""

import re
import subprocess
import sys
from pathlib import Path

from gateway.domain.alarm_rules import DEFAULT_RULES
from gateway.settings import read_alarm_rules
from gateway.storage.personal_sections import ACTOR_KINDS, CUSTOMER_PARTS
from tests.docs.blocks import blocks_of, column
from tests.e2e.processes import clean_environment

PAGE = Path(__file__).parents[2] / "docs" / "security.md"


def test_the_page_names_each_rule_of_the_gateway() -> None:
    assert column(PAGE, "rule") == {each.code for each in DEFAULT_RULES}


def test_the_file_of_rules_is_read(tmp_path: Path) -> None:
    (block,) = [block for block in blocks_of(PAGE) if block.kind == "yaml"]
    (tmp_path / "rules.yaml").write_text(block.text)

    assert [each.code for each in read_alarm_rules(tmp_path / "rules.yaml")] == [
        "MANY_ORDERS",
        "KEYS",
        "NEW_PLACE",
        "NEW_MACHINE",
    ]


def test_the_commands_work_one_after_the_other(tmp_path: Path) -> None:
    environment = clean_environment(GATEWAY_DATA=str(tmp_path / "data"))
    lines = [line for block in blocks_of(PAGE) if block.kind == "sh" for line in block.text.splitlines()]
    # The others are typed against a gateway that runs, with those of the other pages.
    typed = [line for line in lines if line.startswith("uv run ")]
    begun = "uv run --no-dev gateway client add Acme"

    for line in (begun, *typed):
        command = [sys.executable, "-m", *line.removeprefix("uv run --no-dev ").split()]
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"

    assert len(typed) == 5


def test_each_document_that_the_page_shows_is_there() -> None:
    shown = set(re.findall(r"\.\./tests/operations/([a-z-]+\.graphql)\)", PAGE.read_text("utf-8")))

    assert [each for each in shown if not (PAGE.parents[1] / "tests" / "operations" / each).exists()] == []
    assert len(shown) > 20


def test_the_page_names_each_kind_of_what_is_kept() -> None:
    assert column(PAGE, "kind") == {*ACTOR_KINDS, "mailsWaiting", *CUSTOMER_PARTS}
