"""`gateway provider check` says what holds, with times, and ends with status 1 when something does not."""

import asyncio
import json
import re
from pathlib import Path

import pytest
from aiohttp import web

from gateway.cli.provider import check_provider
from providers.simulator.serving import run_operators
from tests.web import serving


async def checked(url: str, folder: Path, **settings: str) -> int:
    """The status of a check of the provider at that address, with what else is set."""
    entry = {"slug": "fjordnet", "name": "Fjordnet", "roles": ["NETWORK_OPERATOR"], "adapter": "tmforum"}
    file = folder / "providers.json"
    file.write_text(json.dumps({"providers": [{**entry, "settings": {"url": url, **settings}}]}), "utf-8")
    return await asyncio.to_thread(check_provider, "fjordnet", file, folder)


async def test_a_provider_that_keeps_the_contract_has_a_line_for_each_check(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with run_operators(tmp_path / "operators", ("fjordnet",)) as urls:
        status = await checked(urls["fjordnet"], tmp_path)

    lines = capsys.readouterr().out.splitlines()
    assert status == 0
    assert re.fullmatch(r"ok      catalog\.paging +\d+ ms  \d+ offerings", lines[0])
    assert re.fullmatch(r"lacks   polled_events", lines[-2])
    summary = re.fullmatch(r"12 ok, 0 failed, 1 lacks, in (\d+) ms", lines[-1])
    assert summary is not None
    assert int(summary[1]) < 60_000


async def test_a_provider_that_does_not_answer_fails_each_check_with_status_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async def fails(_request: web.Request) -> web.Response:
        return web.json_response({"code": "1", "reason": "what stands in a body"}, status=500)

    async with serving(fails) as url:
        status = await checked(url, tmp_path)

    printed = capsys.readouterr().out
    assert status == 1
    assert "0 ok, 12 failed, 1 lacks" in printed
    assert "what stands in a body" not in printed


async def test_settings_that_the_adapter_refuses_are_named_and_nothing_is_asked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status = await checked("http://127.0.0.1:9", tmp_path, versoin="V5")

    assert status == 1
    assert capsys.readouterr().out.startswith(
        "fjordnet: can't be connected: provider 'fjordnet', option versoin: is not known (known: cancel_by, "
    )
