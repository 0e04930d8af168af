"""The commands of the page for operators about keys and reports, typed as they stand."""

import json
from pathlib import Path

import pytest

from gateway.api.auth.keys import read_keys
from gateway.cli.db import upgrade
from gateway.domain.ordering.reconciliation import DifferenceKind
from gateway.storage.sealing import open_sealing
from tests.docs.blocks import blocks_of
from tests.docs.reader import ROOT
from tests.docs.test_deployment import _typed as typed

PAGE = ROOT / "docs" / "operators.md"
ABOUT = ("gateway keys", "gateway orders")
COMMANDS = [block.text for block in blocks_of(PAGE) if block.kind == "sh" and any(each in block.text for each in ABOUT)]


@pytest.mark.requirement("S5")
def test_its_commands_do_what_it_says(tmp_path: Path) -> None:
    data = tmp_path / "data"
    upgrade(data)
    read_keys(data)
    open_sealing([], data)
    listing, rotate, rotate_secrets, reconcile = COMMANDS

    listed, rotated, sealed, compared = (typed(tmp_path, each) for each in (listing, rotate, rotate_secrets, reconcile))

    assert [line.split()[0::2] for line in listed.stdout.splitlines()] == [["tokens", "signs"], ["secrets", "seals"]]
    assert " signs from 2" in rotated.stdout
    assert sealed.stdout.endswith(" seals from now on\n")
    assert compared.stdout == "0 providers, 0 accounts, 0 orders, 0 products: 0 differences\n"
    assert [each.returncode for each in (listed, rotated, sealed, compared)] == [0, 0, 0, 0]
    assert len(json.loads((data / "keys.json").read_text())["signing"]) == 2
    assert len((data / "secrets.key").read_text().splitlines()) == 2


def test_it_names_each_kind_of_difference() -> None:
    table = PAGE.read_text().partition("| difference |")[2].partition("\n\n")[0]

    rows = [line.split("`")[1] for line in table.splitlines() if line.startswith("| `")]

    assert rows == list(DifferenceKind)
