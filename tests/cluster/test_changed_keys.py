"""Two gateways go over to a new key while customers are signed in, and what the one signed the other takes."""

import asyncio
import json
import subprocess
import sys
from base64 import urlsafe_b64decode

import pytest

from gateway.domain.security import SecurityEventKind
from gateway.storage import MemoryWakeUps, SystemClock, open_storage
from tests.cluster.cluster import Cluster
from tests.e2e.consumer import Consumer, consumer
from tests.e2e.processes import clean_environment
from tests.security.recording import recorded
from tests.storage.conftest import needs_postgres

pytestmark = [needs_postgres, pytest.mark.timeout(180)]


def kid_of(token: str | None) -> str:
    return str(json.loads(urlsafe_b64decode((token or "").partition(".")[0] + "=="))["kid"])


async def keys(gateways: Cluster, *told: str) -> str:
    """What `gateway keys …` prints."""
    environment = clean_environment(**gateways.environment, GATEWAY_DATA=str(gateways.folder / "operator"))
    command = [sys.executable, "-m", "gateway", "keys", *told]
    done = await asyncio.to_thread(
        subprocess.run, command, capture_output=True, text=True, env=environment, check=False
    )
    assert done.returncode == 0, done.stderr
    return str(done.stdout)


async def is_known(token: str | None, nobody: Consumer, url: str) -> bool:
    status, answer = await Consumer(nobody.session, url, token).send("{ viewer { id } }")
    return status == 200 and answer.get("errors") is None


@pytest.mark.requirement("S5", "R7")
async def test_both_go_over_to_a_new_key_and_nobody_is_signed_out(gateways: Cluster) -> None:
    one, other = gateways.start("one"), gateways.start("other")
    for program in (one, other):
        await program.ready()
    async with consumer(one.url) as nobody:
        username, password = "maria", "correct horse battery"
        await nobody.sign_up(username, password)
        before = (await nobody.signed_in(username, password)).token
        at_other = Consumer(nobody.session, other.url)

        new = (await keys(gateways, "rotate", "--after", "6")).split()[0]
        waiting = (await at_other.signed_in(username, password)).token
        await asyncio.sleep(8)
        signed = [(await each.signed_in(username, password)).token for each in (nobody, at_other)]
        known = [
            await is_known(token, nobody, url) for token in (before, waiting, *signed) for url in (one.url, other.url)
        ]
        listed = [line.split()[1:3] for line in (await keys(gateways, "list")).splitlines()]
    async with open_storage(
        gateways.environment["GATEWAY_DATABASE_URL"], MemoryWakeUps(), SystemClock(), None
    ) as storage:
        told = await recorded(storage, SecurityEventKind.KEYS_CHANGED)

    old = kid_of(before)
    assert [kid_of(each) for each in (waiting, *signed)] == [old, new, new]
    assert known == [True] * 8
    assert listed[:2] == [[old, "checks"], [new, "signs"]]
    assert {each.params["signing"] for each in told} == {old, f"{new} {old}"}
