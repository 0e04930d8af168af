"""An account is erased by command while the gateway runs, and stays erased in a copy from before."""

import asyncio
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.consumer import Consumer, consumer
from tests.e2e.joining import done, record
from tests.e2e.processes import clean_environment, demo

ASTA, PASSWORD = "asta-lindqvist", "mycket hemligt lösenord"
pytestmark = pytest.mark.timeout(150)


async def run(data: Path, *arguments: str) -> str:
    """What the command prints; it ends with status 0."""
    command = [sys.executable, "-m", "gateway", *arguments, "--data", str(data)]
    finished = await asyncio.to_thread(
        lambda: subprocess.run(command, capture_output=True, text=True, check=False, env=clean_environment())
    )
    assert finished.returncode == 0, finished.stderr
    return str(finished.stdout)


async def signs_in(asker: Consumer) -> bool:
    status, _ = await asker.post("/auth/session", {"username": ASTA, "password": PASSWORD})
    return status == 200


@pytest.mark.requirement("S5")
async def test_a_copy_from_before_is_erased_again_before_it_serves_anybody(tmp_path: Path) -> None:
    data, copy = tmp_path / "data", tmp_path / "copy"
    with demo(data) as program:
        await program.ready()
        async with consumer(program.url) as nobody:
            await nobody.sign_up(ASTA, PASSWORD)
            asta = await nobody.signed_in(ASTA, PASSWORD)
            await run(data, "db", "backup", str(copy))
            await done(asta, "customer-close", customerId=(await record(asta))["id"])
            told = await run(data, "account", "erase", ASTA)
            could = await signs_in(nobody)
            verified = await run(data, "audit", "verify")
    with (copy / "gateway.db").open("rb") as file:
        kept_in_copy = ASTA.encode() in file.read()
    shutil.copy2(data / "erased.jsonl", copy / "erased.jsonl")

    with demo(copy) as restored:
        await restored.ready()
        async with consumer(restored.url) as nobody:
            can = await signs_in(nobody)

    assert told.startswith("the account is erased; what is left of it is the id ")
    assert verified.startswith("the audit trail is whole")
    assert (could, kept_in_copy, can) == (False, True, False)
    assert [path.name for path in copy.glob("gateway.db*") if ASTA.encode() in path.read_bytes()] == []
