"""Who follows the page for adapter authors ends with an adapter that passes the suite and is sold by the gateway."""

import asyncio
import json
import os
import re
import secrets
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from gateway.kit.conformance.declared import Conformance
from tests.docs.blocks import Block, between, blocks_of, column, with_answers
from tests.docs.checks_table import PAGE, checks_table
from tests.e2e.consumer import Consumer, consumer
from tests.e2e.processes import Program, clean_environment, free_port, start
from tests.e2e.shopping import place, reviewed
from tests.kit.example import SOURCE

ROOT = PAGE.parents[1]
ADDRESS = "http://127.0.0.1:9101"
HOME = {"address": {"street": "Storgatan", "houseNumber": "1", "postcode": "75310", "city": "Uppsala", "country": "SE"}}
# What `uv run` would do in an environment of its own, the reader's does in the one that runs; what `uv pip install`
# would add to it, goes beside.
UV = f"""#!/bin/sh
case "$1 $2" in
    "pip install") exec "$REAL_UV" pip install --quiet --no-deps --python "{sys.executable}" --target "$SITE" "$3" ;;
    "run --no-dev") shift 2 ;;
    "run pytest") shift 1 ;;
    *) exit 64 ;;
esac
case "$1" in
    python) shift; exec "{sys.executable}" "$@" ;;
    *) exec "{sys.executable}" -m "$@" ;;
esac
"""


def page(kind: str) -> Sequence[Block]:
    return [block for block in blocks_of(PAGE) if block.kind == kind]


def command(word: str) -> str:
    """The one command of the page with that word in it."""
    (found,) = [block.text.strip() for block in page("sh") if word in block.text]
    return found


class Desk:
    """Where the page's commands are typed, with Bergby and the gateway on ports of their own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "bin").mkdir(parents=True)
        (folder / "bin" / "uv").write_text(UV)
        (folder / "bin" / "uv").chmod(0o755)
        (folder / "docs").symlink_to(ROOT / "docs")

    def write_files(self, bergby: Program) -> None:
        """The two files of the page, with Bergby's port."""
        conformance, providers = (block.text.replace(ADDRESS, bergby.url) for block in page("yaml"))
        (self.folder / "bergby.yaml").write_text(conformance, "utf-8")
        (self.folder / "providers.yaml").write_text(providers, "utf-8")

    @property
    def environment(self) -> dict[str, str]:
        path = f"{self.folder / 'bin'}{os.pathsep}{os.environ['PATH']}"
        site, data = str(self.folder / "site"), str(self.folder / "data")
        given = {"PATH": path, "SITE": site, "PYTHONPATH": site, "REAL_UV": shutil.which("uv") or "uv"}
        return clean_environment(**given, GATEWAY_DATA=data, GATEWAY_ORDER_POLL_FIRST_S="0.2")

    async def type(self, typed: str) -> str:
        """What it prints; it ends with status 0."""
        done = await asyncio.to_thread(
            subprocess.run, ["bash", "-euc", typed], cwd=self.folder, env=self.environment,
            capture_output=True, text=True, timeout=100, check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"{typed}\n{done.stdout}{done.stderr}"
        return done.stdout

    @contextmanager
    def running(self, typed: str) -> Iterator[Program]:
        """A command that goes on until the exit, on a port that is free just now."""
        port = free_port()
        arguments = typed.replace("9101", str(port)).removeprefix("uv run --no-dev ").removeprefix("python -m ").split()
        given = [str(self.folder / each) if each.endswith(".yaml") else each for each in arguments]
        program = start(given, self.folder / f"{given[0]}.log", self.environment | {"GATEWAY_PORT": str(port)}, port)
        try:
            yield program
        finally:
            program.send(signal.SIGINT)
            try:
                program.wait()
            finally:
                program.end()


@pytest.mark.timeout(240)
@pytest.mark.skipif(not shutil.which("uv") and "CI" not in os.environ, reason="uv installs the example")
async def test_a_reader_of_the_page_has_an_adapter_that_conforms_and_is_sold(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "desk")

    await desk.type(command("uv pip install"))
    with desk.running(command("bergby.server")) as bergby:
        while "Bergby answers" not in bergby.written():
            assert bergby.process.poll() is None, bergby.written()
            await asyncio.sleep(0.05)
        desk.write_files(bergby)
        (closing,) = [block.text.strip() for block in page("text")]
        assert closing in await desk.type(f"{command('--adapter')} -p no:cacheprovider")
        assert "0 failed" in await desk.type(command("provider check"))
        with desk.running(command("gateway serve")) as gateway:
            await gateway.ready()
            await _is_sold(gateway.url)


async def _is_sold(url: str) -> None:
    async with consumer(url) as nobody:
        ada = await nobody.newcomer()
        ((query, answer),) = [pair for pair in with_answers(blocks_of(PAGE)) if pair[0].kind == "graphql"]
        assert answer is not None
        offering = await _shown(ada)
        came = (await ada.send(query.text))[1]
        assert {"data": came["data"]} == json.loads(answer.text)
        created = await ada.run("05", input={"name": "Mine", "place": HOME})
        bundle = created["createBundle"]["bundle"]["id"]
        added = await ada.run("07", input={"bundleId": bundle, "offeringId": offering})
        assert added["addBundleItem"]["userErrors"] == []
        shown = await reviewed(ada, bundle)
        assert shown["isOrderable"], shown["issues"]
        wanted = {"bundleId": bundle, "expectedRevision": shown["revision"], "idempotencyKey": secrets.token_hex(16)}
        order = await place(ada, {**wanted, "acceptedTermIds": []})
        events, is_over = await ada.events("12", {"orderId": order, "after": None})
        assert (events[-1]["__typename"], is_over) == ("OrderCompleted", True)


async def _shown(asker: Consumer) -> str:
    """The first offering, once the catalogue has been read."""
    async with asyncio.timeout(10):
        while True:
            edges = (await asker.run("02", filter={}, first=1))["productOfferings"]["edges"]
            if edges:
                return str(edges[0]["node"]["id"])
            await asyncio.sleep(0.1)


def _lines(text: str) -> str:
    """Without indentation and empty lines: the formatter of the page takes a method for a function."""
    return "\n".join(line.strip() for line in text.splitlines() if line.strip())


def test_the_pieces_of_the_example_on_the_page_are_those_that_run() -> None:
    source = _lines(SOURCE.read_text("utf-8"))
    package = (SOURCE.parents[1] / "pyproject.toml").read_text("utf-8")

    assert [block.line for block in page("python") if _lines(block.text) not in source] == []
    assert [block.line for block in page("toml") if block.text not in package] == []
    assert len(page("python")) == 3


def test_the_adapter_of_the_example_has_about_a_hundred_lines() -> None:
    assert len([line for line in SOURCE.read_text("utf-8").splitlines() if line.strip()]) < 105


def test_the_page_says_of_each_check_what_to_do_when_it_fails() -> None:
    assert between(PAGE, "checks") == checks_table(), "renew it by: python -m tests.docs.checks_table"


def test_the_page_names_all_that_can_be_declared() -> None:
    assert column(PAGE, "under `conformance`") == set(Conformance.model_fields)


def test_each_block_of_the_page_is_one_that_is_tried() -> None:
    assert {block.kind for block in blocks_of(PAGE)} == {"sh", "python", "toml", "yaml", "text", "graphql", "json"}
    commands = [re.sub(r"\s+", " ", block.text.strip()) for block in page("sh")]
    tried = ("bergby.server", "uv pip install", "--adapter", "provider check", "gateway serve")
    assert len(commands) == len(tried) == sum(any(word in each for word in tried) for each in commands)
