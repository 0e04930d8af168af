"""What the README tells to type, to send and to write works as it stands."""

import asyncio
import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from gateway.contract import ProviderRole, ProviderSettings, Requirement
from gateway.settings import read_providers_file
from providers.tmforum.context import Reading
from providers.tmforum.options import read_options
from providers.tmforum.requirements import read_requirements
from tests.docs.blocks import blocks_of, with_answers
from tests.docs.reader import KINDS, Reader
from tests.e2e.processes import Program, demo
from tests.tmforum.connecting import NOW, a_profile

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
FRONTEND = ROOT / "docs" / "frontend.md"
PARTNERS = ROOT / "docs" / "partners.md"
SECURITY = ROOT / "docs" / "security.md"
MAPPING = ROOT / "providers" / "tmforum" / "README.md"


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Program, Path]]:
    """A demo for the reader alone, and its folder."""
    data = tmp_path_factory.mktemp("readme") / "data"
    with demo(data) as program:
        asyncio.run(program.ready())
        yield program, data


@pytest.mark.timeout(300)
async def test_a_reader_who_types_all_that_the_pages_say_sees_what_they_say(
    started: tuple[Program, Path], tmp_path: Path, subtests: pytest.Subtests
) -> None:
    reader = Reader(*started, tmp_path / "desk")

    for page in (README, FRONTEND, PARTNERS, SECURITY):
        for block, answer in with_answers(blocks_of(page)):
            with subtests.test(f"{page.name}, line {block.line}"):
                assert block.kind in KINDS, f"nobody knows how to read a block of the kind {block.kind!r}"
                await KINDS[block.kind](reader, block, answer)


async def test_the_example_of_paging_reads_each_row_once(started: tuple[Program, Path], tmp_path: Path) -> None:
    reader = Reader(*started, tmp_path / "desk")
    await reader.type(next(block.text for block in blocks_of(README) if "/auth/accounts" in block.text), "|| true")
    (query,) = [block.text for block in blocks_of(FRONTEND) if block.kind == "graphql" and "$after" in block.text]

    pages: list[dict[str, Any]] = []
    after = None
    while not pages or pages[-1]["pageInfo"]["hasNextPage"]:
        pages.append((await reader.ask(query, after=after))["data"]["productOfferings"])
        after = pages[-1]["pageInfo"]["endCursor"]

    whole = '{ productOfferings(filter: {categories: ["iptv"]}, sort: NAME, first: 100) { edges { node { name } } } }'
    rows = [edge["node"]["name"] for page in pages for edge in page["edges"]]
    assert len(pages) > 1
    assert rows == [edge["node"]["name"] for edge in (await reader.ask(whole))["data"]["productOfferings"]["edges"]]


def test_the_file_of_providers_in_the_readme_is_read(tmp_path: Path) -> None:
    (block,) = [block for block in blocks_of(README) if block.kind == "yaml"]
    (tmp_path / "providers.yaml").write_text(block.text, "utf-8")

    config = read_providers_file(tmp_path / "providers.yaml")

    assert [(each.slug, each.adapter, each.options) for each in config.providers] == [
        ("acme-fibre", "tmforum", {"url": "http://127.0.0.1:9001/tmf-api"})
    ]
    assert [each.parties for each in config.agreements] == [frozenset({"operator", "acme-fibre"})]


def test_the_requirement_in_the_mapping_of_tmf620_is_read_as_the_page_says() -> None:
    (block,) = blocks_of(MAPPING)
    assert block.kind == "json"
    profile = a_profile()
    reading = Reading(profile, read_options(ProviderSettings(profile, {"url": "http://127.0.0.1:9001"})), lambda: NOW)

    (requirement,) = read_requirements({"id": "iptv", "productOfferingRelationship": [json.loads(block.text)]}, reading)

    assert requirement == Requirement(
        id=requirement.id,
        label="Broadband access of 25 Mbit/s",
        category="broadband",
        role=ProviderRole.NETWORK_OPERATOR,
        characteristic="downstreamBandwidth",
        minimum=Decimal(25),
        unit="Mbit/s",
        when_field="videoQuality",
        when_value="UHD",
    )
