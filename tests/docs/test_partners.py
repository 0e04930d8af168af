"""What the partners' page says of events and of what is refused."""

import asyncio
import re
import sys
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path

from gateway.api.probes import STATUSES
from gateway.contract import ContractBroken, Limits, ProviderError, ProviderSettings, Rejected, Unavailable
from gateway.federation.posts import Receipt
from gateway.kit.trouble import CREDENTIALS_REFUSED
from gateway.settings import Settings, read_providers_file
from providers.tmforum.context import Reading
from providers.tmforum.events import TmForumEvents
from providers.tmforum.options import read_options
from tests.api.running import SECRET, running
from tests.docs.blocks import blocks_of
from tests.tmforum.connecting import a_profile

ROOT = Path(__file__).parents[2]
PARTNERS = ROOT / "docs" / "partners.md"


async def test_the_program_of_the_page_posts_an_event_that_the_key_of_the_page_proves(tmp_path: Path) -> None:
    (block,) = [block for block in blocks_of(PARTNERS) if block.kind == "yaml" and "hmac" in block.text]
    (tmp_path / "providers.yaml").write_text(block.text, "utf-8")
    (spec,) = read_providers_file(tmp_path / "providers.yaml").providers
    settings = ProviderSettings(a_profile(), spec.options, now=lambda: datetime.now(UTC))

    async with running(tmp_path, event_proof=read_options(settings).event_proof) as gateway:
        # The provider in this process reads events as the adapter does.
        vars(gateway.provider)["read"] = TmForumEvents(
            (), Reading(settings.profile, read_options(settings), settings.now)
        ).read
        address = f"{gateway.address}/providers/nord/events/{SECRET}"
        with gateway.wakeups.listen("provider-order:nord:4711") as waiter:
            right = await _post(address, spec.options["events"]["key"])
            assert await waiter.wait(0)
        wrong = await _post(address, "whsec_" + "A" * 32)

    assert right == (0, "204\n")
    assert wrong == (1, "")


async def _post(address: str, key: str) -> tuple[int | None, str]:
    program = await asyncio.create_subprocess_exec(
        sys.executable, ROOT / "docs" / "post_event.py", address, env={"PROVIDER_KEY": key},
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    printed, _ = await program.communicate()
    return program.returncode, printed.decode()


def test_the_code_of_the_page_is_that_of_the_program() -> None:
    (block,) = [block for block in blocks_of(PARTNERS) if "webhook-id" in block.text]

    assert block.kind == "python"
    assert block.text in (ROOT / "docs" / "post_event.py").read_text("utf-8")


def test_the_page_names_each_answer_to_a_post() -> None:
    text = PARTNERS.read_text("utf-8")
    named = {int(found) for found in re.findall(r"^\| (\d{3}) \|", text, re.MULTILINE)}

    assert named >= set(STATUSES.values()) | {413}
    assert set(STATUSES) == set(Receipt)


def test_the_page_has_each_limit_with_its_default() -> None:
    _, _, rest = PARTNERS.read_text("utf-8").partition("| key | default | what it bounds |\n")
    rows = [line.split("|") for line in rest.partition("\n\n")[0].splitlines()[1:]]
    said = {key.strip().strip("`"): float(default) for _, key, default, *_ in rows}

    kept = {each.name: each.default for each in fields(Limits) if isinstance(each.default, int | float)}
    assert said == kept


def test_the_page_names_each_code_of_a_check_that_fails_before_or_while_it_asks() -> None:
    kinds: tuple[type[ProviderError], ...] = (Unavailable, ContractBroken, Rejected)

    said = set(re.findall(r"^\| `([A-Z_]+)` \|", PARTNERS.read_text("utf-8"), re.MULTILINE))

    assert said == {each.code for each in kinds} | {CREDENTIALS_REFUSED, "UNKNOWN_ADAPTER", "SECRETS_UNREADABLE"}


def test_the_page_names_settings_that_there_are() -> None:
    named = set(re.findall(r"GATEWAY_(\w+)", PARTNERS.read_text("utf-8")))

    assert {name.lower() for name in named} <= Settings.model_fields.keys()
    assert "PROVIDER_NETWORKS" in named
