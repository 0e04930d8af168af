"""What compose.yaml puts together, as processes: two gateways on PostgreSQL and Redis, behind its proxy."""

import asyncio
import contextlib
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import yaml

from tests.cluster.cluster import Cluster
from tests.cluster.customers import assert_whole, buyers
from tests.cluster.servers import needs_redis, redis
from tests.e2e.processes import FAST, Program, clean_environment, free_port, start
from tests.storage.conftest import needs_postgres, new_database

pytestmark = [
    needs_postgres,
    needs_redis,
    pytest.mark.skipif(
        shutil.which("haproxy") is None and "CI" not in os.environ, reason="no HAProxy: install the package haproxy"
    ),
    pytest.mark.timeout(240),
]
ROOT = Path(__file__).parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))


def _of_compose(name: str) -> tuple[list[str], dict[str, str]]:
    service = COMPOSE["services"][name]
    return [str(each) for each in service["command"]], dict(service.get("environment", {}))


@dataclass
class Topology:
    """What runs: `reached` has the proxy alone, which is all that clients see."""

    reached: Cluster
    gateways: list[Program]


@pytest.fixture
def topology(tmp_path: Path, postgres_server: str) -> Iterator[Topology]:
    """The services of the file, each name an address of this machine's."""
    ports = {name: free_port() for name in ("proxy", "gateway-1", "gateway-2")}
    with redis(tmp_path) as kept, contextlib.ExitStack() as ending:
        operators = _operators(tmp_path)
        ending.callback(operators.end)
        given = {"GATEWAY_DATABASE_URL": new_database(postgres_server), "GATEWAY_REDIS_URL": kept.url}
        gateways = [_gateway(tmp_path, name, ports, given) for name in ("gateway-1", "gateway-2")]
        for program in gateways:
            ending.callback(program.end)
        reached = Cluster(tmp_path, tmp_path, {})
        reached.programs["proxy"] = _proxy(tmp_path, ports["proxy"], ports)
        ending.callback(reached.end)
        yield Topology(reached, gateways)


def _operators(folder: Path) -> Program:
    command, _ = _of_compose("operators")
    # The ports are of the container's own network there.
    kept = [each for each in command if not each.startswith(("--ports=", "--host="))]
    told = " ".join(kept[2:]).replace("/operators", str(folder)).replace("known-as=operators", "known-as=127.0.0.1")
    program = start([*told.split(), "--delivery-min=0.3", "--delivery-max=1"], folder / "operators.log")
    for _ in range(400):
        if (folder / "providers.json").exists():
            return program
        signal.sigtimedwait([], 0.05)
    raise AssertionError(program.written())


def _gateway(folder: Path, name: str, ports: dict[str, int], given: dict[str, str]) -> Program:
    command, environment = _of_compose(name)
    told = {
        **{key: value for key, value in environment.items() if "${" not in value},
        **FAST,
        **given,
        "GATEWAY_DATA": str(folder / name),
        "GATEWAY_KEYS": str(folder / "keys"),
        "GATEWAY_PROVIDERS": str(folder / "providers.json"),
        "GATEWAY_PUBLIC_URL": f"http://127.0.0.1:{ports['proxy']}",
        "GATEWAY_CALLBACK_URL": f"http://127.0.0.1:{ports['proxy']}",
    }
    host = ["127.0.0.1" if each == "0.0.0.0" else each for each in command]  # noqa: S104
    port = ports[name]
    return start([*host, "--port", str(port)], folder / f"{name}.log", clean_environment(**told), port)


def _proxy(folder: Path, port: int, ports: dict[str, int]) -> Program:
    content = (
        (ROOT / COMPOSE["configs"]["proxy"]["file"]).read_text("utf-8").replace("bind :8000", f"bind 127.0.0.1:{port}")
    )
    for name in ("gateway-1", "gateway-2"):
        content = content.replace(f"{name}:8000", f"127.0.0.1:{ports[name]}")
    # A client stays with one gateway; this test is one client, and is to reach both.
    content = content.replace("balance source", "balance roundrobin")
    file, log, program = folder / "haproxy.cfg", folder / "proxy.log", shutil.which("haproxy")
    file.write_text(content)
    assert program is not None
    with log.open("ab") as output:
        command = [program, "-db", "-f", str(file)]
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, start_new_session=True)
    return Program(process, log, port)


@pytest.mark.requirement("R7", "V9")
async def test_orders_are_placed_and_followed_through_the_proxy_while_a_gateway_is_killed(topology: Topology) -> None:
    proxy = topology.reached.programs["proxy"]
    for program in [*topology.gateways, proxy]:
        await program.ready()
    bought = await buyers(topology.reached, 6)

    async with aiohttp.ClientSession() as session:
        ending = asyncio.gather(*(each.to_the_end(topology.reached, session) for each in bought))
        while any(each.order is None for each in bought):  # noqa: ASYNC110 nobody tells
            await asyncio.sleep(0.05)
        topology.gateways[0].send_to_group(signal.SIGKILL)
        orders = await ending

    assert [order["state"] for order in orders] == ["COMPLETED"] * 6
    for buyer, order in zip(bought, orders, strict=True):
        assert_whole(buyer, order)
