"""The demo as a process: how it starts, what it refuses in one line, and how it ends."""

import asyncio
import contextlib
import json
import os
import signal
import socket
import sqlite3
import stat
import time
from pathlib import Path

import aiohttp
import pytest

from gateway.federation.checks import READS
from tests.e2e.consumer import Consumer, consumer
from tests.e2e.processes import (
    START_LIMIT_S,
    Program,
    children,
    clean_environment,
    cpu_s,
    credentials,
    demo,
    free_port,
    gone,
    is_alive,
    partner,
    start,
)

START_GOAL_S = 10.0


def run(tmp_path: Path, *arguments: str, **environment: str) -> tuple[int, str]:
    """Runs a command that ends by itself: its status and what it wrote."""
    program = start(["gateway", *arguments], tmp_path / "output", clean_environment(**environment))
    try:
        status = program.wait(30)
    finally:
        program.end()
    return status, program.written()


def test_a_taken_port_is_one_clear_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        status, written = run(tmp_path, "demo", "--data", str(tmp_path / "data"), "--port", str(port))

    assert status == 1
    assert (
        written == f"gateway: can't listen on 127.0.0.1 port {port}: Address already in use; choose another by --port\n"
    )


def test_an_unwritable_data_folder_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    folder = tmp_path / "file" / "data"

    status, written = run(tmp_path, "demo", "--data", str(folder), "--port", "0")

    assert (status, written) == (1, f"gateway: the data folder {folder} can't be written: Not a directory\n")


def test_a_wrong_setting_is_one_clear_line_each_and_status_2(tmp_path: Path) -> None:
    status, written = run(
        tmp_path, "demo", "--data", str(tmp_path / "data"), GATEWAY_PROT="1", GATEWAY_LOG_LEVEL="LOUD"
    )

    assert status == 2
    assert written.splitlines() == [
        "gateway: GATEWAY_PROT: there is no such setting",
        "gateway: GATEWAY_LOG_LEVEL: input should be 'DEBUG', 'INFO', 'WARNING' or 'ERROR'",
    ]


def test_a_file_of_providers_that_makes_no_sense_is_one_clear_line(tmp_path: Path) -> None:
    path = tmp_path / "providers.yaml"
    path.write_text("providers: [{slug: fjord, name: Fjord, roles: [NETWORK_OPERATOR], adapter: telepathy}]")

    status, written = run(tmp_path, "serve", "--providers", str(path), "--data", str(tmp_path / "data"), "--port", "0")

    assert status == 2
    assert written.startswith("gateway: provider 'fjord': no adapter 'telepathy' (installed: ")
    assert len(written.splitlines()) == 1


async def test_the_demo_prints_what_to_try(running: Program, demo_data: Path) -> None:
    written = running.written()

    assert f"{running.url}/graphql" in written
    assert credentials(demo_data)["demo"] in written
    assert credentials(demo_data)["operator"] in written
    assert set(partner(demo_data)) <= set(written.split())
    assert f"curl -s {running.url}/graphql" in written
    assert "gateway demo --tour" in written
    assert "\x1b[" not in written


async def test_the_printed_first_query_answers(running: Program) -> None:
    (command,) = [line.strip() for line in running.written().splitlines() if "productOfferings" in line]

    process = await asyncio.create_subprocess_shell(command, stdout=asyncio.subprocess.PIPE)
    output, _ = await process.communicate()

    assert len(json.loads(output)["data"]["productOfferings"]["edges"]) == 3


async def test_alive_and_ready_are_told(nobody: Consumer) -> None:
    for path in ("/healthz", "/readyz"):
        async with nobody.session.get(nobody.url + path) as response:
            assert (response.status, (await response.json())["status"]) == (200, "ok"), path


@pytest.mark.requirement("S1")
async def test_the_seeded_accounts_are_a_manager_of_one_customer_and_an_operator(
    nobody: Consumer, demo_data: Path
) -> None:
    passwords = credentials(demo_data)
    assert set(passwords) == {"demo", "operator"}
    assert stat.S_IMODE((demo_data / "credentials.json").stat().st_mode) == 0o600

    manager = (await (await nobody.signed_in("demo", passwords["demo"])).run("01"))["viewer"]
    operator = (await (await nobody.signed_in("operator", passwords["operator"])).run("01"))["viewer"]

    assert [each["role"] for each in manager["memberships"]] == ["SELF_SERVICE_MANAGER"]
    assert operator["memberships"] == []


@pytest.mark.requirement("S6")
async def test_the_seeded_partner_gets_a_token(nobody: Consumer, demo_data: Path) -> None:
    fields = {"grant_type": "client_credentials"}
    secret = {"authorization": aiohttp.encode_basic_auth(*partner(demo_data))}

    async with nobody.session.post(f"{nobody.url}/auth/token", data=fields, headers=secret) as response:
        token = await response.json()

    assert (response.status, token["token_type"], token["scope"]) == (200, "Bearer", "providers:write")


async def test_two_demos_run_side_by_side_with_passwords_of_their_own(
    running: Program, demo_data: Path, tmp_path: Path
) -> None:
    with demo(tmp_path / "data") as second:
        await second.ready()
        async with consumer(second.url) as asker:
            await asker.signed_in("demo", credentials(tmp_path / "data")["demo"])
            status, _ = await asker.post(
                "/auth/session", {"username": "demo", "password": credentials(demo_data)["demo"]}
            )

    assert status == 401
    assert is_alive(running.pid)


async def test_a_second_demo_on_the_same_folder_is_refused_in_one_line(
    running: Program, demo_data: Path, tmp_path: Path
) -> None:
    status, written = run(tmp_path, "demo", "--data", str(demo_data), "--port", "0")

    assert status == 1
    assert written == (
        f"gateway: the data folder {demo_data} is in use by another gateway (process {running.pid}); "
        "give another one by --data\n"
    )


async def test_ctrl_c_ends_it_all_and_the_next_start_keeps_the_passwords(tmp_path: Path) -> None:
    with demo(tmp_path / "data") as program:
        await program.ready()
        family = children(program.pid)
        # On a machine of its own this is longer than it takes to be ready; with others on it, only this counts.
        took_s = cpu_s([program.pid, *family])
        first = credentials(tmp_path / "data")
        async with (
            aiohttp.ClientSession() as session,
            session.ws_connect(f"{program.url}/graphql", protocols=["graphql-transport-ws"]),
        ):
            program.send_to_group(signal.SIGINT)
            status = await asyncio.to_thread(program.wait)

    assert took_s < START_GOAL_S
    assert status == 0
    assert len(family) == 1
    assert gone(family, 2)
    assert "Traceback" not in program.written()
    with demo(tmp_path / "data") as program:
        await program.ready()
    assert credentials(tmp_path / "data") == first


async def test_a_request_that_the_end_cuts_is_told_in_one_line(tmp_path: Path) -> None:
    given = {"username": "late", "password": "a long password", "customer": {"name": "L", "kind": "HOUSEHOLD"}}
    with demo(tmp_path / "data") as program:
        await program.ready()
        with contextlib.closing(sqlite3.connect(tmp_path / "data" / "gateway.db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            async with aiohttp.ClientSession() as session:

                async def ask() -> None:
                    async with session.post(f"{program.url}/auth/accounts", json=given):
                        pass

                asked = asyncio.create_task(ask())
                await asyncio.sleep(1)
                program.send(signal.SIGTERM)
                await asyncio.sleep(4)
                other.execute("ROLLBACK")
                await asyncio.gather(asked, return_exceptions=True)
        status = await asyncio.to_thread(program.wait)

    assert status == 0
    assert program.written().count("a request is cut: the gateway ends") == 1
    assert "Traceback" not in program.written()


async def test_sigterm_to_the_demo_alone_ends_the_operators_too(tmp_path: Path) -> None:
    with demo(tmp_path / "data") as program:
        await program.ready()
        family = children(program.pid)
        program.send(signal.SIGTERM)

        assert await asyncio.to_thread(program.wait) == 0
        assert gone(family, 2)


def test_ctrl_c_while_it_starts_ends_it_cleanly(tmp_path: Path) -> None:
    with demo(tmp_path / "data") as program:
        until = time.monotonic() + 20
        while not (tmp_path / "data" / "lock").exists() and time.monotonic() < until:
            time.sleep(0.02)
        time.sleep(0.3)
        family = children(program.pid)
        program.send_to_group(signal.SIGINT)

        # It listens between the things that it loads.
        assert program.wait(START_LIMIT_S) == 0
        assert gone(family, 2)
        assert "Traceback" not in program.written()


async def test_kill_9_of_the_demo_leaves_no_operators_and_no_lock(tmp_path: Path) -> None:
    port = free_port()
    with demo(tmp_path / "data", port=port) as program:
        await program.ready()
        family = children(program.pid)
        program.send(signal.SIGKILL)
        program.wait()
        assert gone(family, 3)

    with demo(tmp_path / "data", port=port) as program:
        await program.ready()


async def test_the_demo_ends_when_its_operators_do(tmp_path: Path) -> None:
    with demo(tmp_path / "data") as program:
        await program.ready()
        (child,) = children(program.pid)
        await asyncio.to_thread(os.kill, child, signal.SIGKILL)

        assert await asyncio.to_thread(program.wait) == 1
        assert program.written().splitlines()[-1] == "gateway: the demo's operators have ended"


async def test_the_providers_of_the_demo_are_listed_and_checked(
    running: Program, demo_data: Path, tmp_path: Path
) -> None:
    listed = await asyncio.to_thread(run, tmp_path, "provider", "list", "--data", str(demo_data))
    checked = await asyncio.to_thread(run, tmp_path, "provider", "check", "granit", "--data", str(demo_data))

    assert listed[0] == checked[0] == 0
    assert len(listed[1].splitlines()) == 6
    answered = [line.split()[:2] for line in checked[1].removeprefix(listed[1]).splitlines()[:-1]]
    asked = [each.name for each in READS if each.needs != ("polled_events",)]
    assert answered == [*(["ok", name] for name in asked), ["lacks", "polled_events"]]


async def test_a_network_that_may_join_runs_beside_the_demo_and_answers_with_the_variables_of_its_registration(
    running: Program, demo_data: Path, tmp_path: Path
) -> None:
    variables = demo_data / "register-tornfors.json"
    asked = json.loads(variables.read_text("utf-8"))["input"]
    adapter = asked["connection"]["adapter"]
    settings = {**adapter["settings"], "credentials": adapter["credentials"]}
    entry = {name: asked[name] for name in ("slug", "name", "roles")}
    path = tmp_path / "providers.json"
    path.write_text(json.dumps({"providers": [{**entry, "adapter": adapter["name"], "settings": settings}]}))

    status, written = await asyncio.to_thread(run, tmp_path, "provider", "check", "tornfors", "--providers", str(path))

    assert status == 0, written
    assert f"  {variables}" in running.written().splitlines()
    assert stat.S_IMODE(variables.stat().st_mode) == 0o600
    asked = {each.name for each in READS if each.needs != ("billing",)}
    assert {line.split()[1] for line in written.splitlines() if line.split()[0] == "ok"} == asked


async def test_a_provider_that_does_not_answer_is_named_and_the_status_is_1(tmp_path: Path) -> None:
    path = tmp_path / "providers.json"
    settings = {"url": f"http://127.0.0.1:{free_port()}"}
    entry = {"slug": "gone", "name": "Gone", "roles": ["NETWORK_OPERATOR"], "adapter": "tmforum", "settings": settings}
    path.write_text(json.dumps({"providers": [entry]}))

    status, written = await asyncio.to_thread(run, tmp_path, "provider", "check", "gone", "--providers", str(path))

    assert status == 1
    assert "PROVIDER_UNAVAILABLE" in written
    assert "Traceback" not in written
