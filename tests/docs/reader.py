"""A reader of the README and of the frontend developer's page, who types what they say while a demo runs."""

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from graphql import parse, validate

from gateway.api.schema.built import schema
from tests.docs.blocks import Block
from tests.e2e.consumer import Consumer, consumer
from tests.e2e.processes import Program, clean_environment, credentials, free_port, partner, start

ROOT = Path(__file__).parents[2]
ADDRESS = "http://127.0.0.1:8000"
LIMIT_S = 120.0
PARTNERS_SYSTEM = "http://127.0.0.1:9001/tmf-api"
PARTNERS_SYSTEM_START = (
    "uv run --no-dev python -m providers.simulator serve --data acme --only granit --ports granit=9001"
)
REGISTRATIONS = re.compile(r"(register|update|suspend|resume|remove)Provider|[rR]egistration|[aA]greement")
# `uv run` would make an environment of its own: the reader's takes the one that runs.
UV = f"""#!/bin/sh
[ "$1" = run ] && [ "$2" = --no-dev ] && shift 2 || exit 64
case "$1" in
    gateway) shift; exec "{sys.executable}" -m gateway "$@" ;;
    python) shift; exec "{sys.executable}" "$@" ;;
    *) exit 64 ;;
esac
"""


@dataclass
class Reader:
    """`desk` is the folder in which commands are typed; it has what a clone has, as far as the README goes."""

    demo: Program
    data: Path
    desk: Path

    def __post_init__(self) -> None:
        (self.desk / "bin").mkdir(parents=True)
        (self.desk / "bin" / "uv").write_text(UV)
        (self.desk / "bin" / "uv").chmod(0o755)
        for name in ("docs", "tests"):
            (self.desk / name).symlink_to(ROOT / name)

    def environment(self, **extra: str) -> dict[str, str]:
        """The demo's data folder is where a reader's commands look for it, and its partner's secret is at hand."""
        path = f"{self.desk / 'bin'}{os.pathsep}{os.environ['PATH']}"
        known = dict(zip(("CLIENT_ID", "CLIENT_SECRET"), partner(self.data), strict=True))
        return clean_environment(**{"PATH": path, "GATEWAY_DATA": str(self.data), **known, **extra})

    async def type(self, command: str, *arguments: str) -> str:
        """Types it; what it prints. It ends with status 0."""
        given = " ".join([command.strip().replace(ADDRESS, self.demo.url), *arguments])
        done = await asyncio.to_thread(
            subprocess.run,
            ["bash", "-euo", "pipefail", "-c", given],
            cwd=self.desk,
            env=self.environment(),
            capture_output=True,
            text=True,
            timeout=LIMIT_S,
            check=False,
        )
        assert done.returncode == 0, f"{given}\n{done.stdout}{done.stderr}"
        return done.stdout

    async def ask(self, query: str, **variables: Any) -> Mapping[str, Any]:
        """The answer to a document, sent by the account that the README makes; of registrations by the operator."""
        assert validate(schema._schema, parse(query)) == []
        async with consumer(self.demo.url) as nobody:
            if REGISTRATIONS.search(query):
                operator = await nobody.signed_in("operator", credentials(self.data)["operator"])
                return await _registering(operator, query.replace(PARTNERS_SYSTEM, self.network()))
            ada = await nobody.signed_in("ada", "correct horse battery staple")
            return (await ada.send(query, variables))[1]

    def network(self) -> str:
        """The address of one of the demo's network operators."""
        known = json.loads((self.data / "providers.json").read_text("utf-8"))["providers"]
        return str(next(each["settings"]["url"] for each in known if each["roles"] == ["NETWORK_OPERATOR"]))


async def _registering(operator: Consumer, query: str) -> Mapping[str, Any]:
    """The answer, `$id` being of the page's registration; of a subscription, once its checks are over."""
    known = await operator.ask('{ providerRegistration(slug: "acme-fibre") { id } }')
    variables: dict[str, Any] = {"id": (known["providerRegistration"] or {"id": None})["id"]}
    if "subscription" not in query:
        sold = await operator.ask("{ providers(first: 2) { edges { node { id } } } }")
        variables["providerIds"] = [each["node"]["id"] for each in sold["providers"]["edges"]]
        _, answer = await operator.send(query, {key: each for key, each in variables.items() if f"${key}" in query})
        return {key: value for key, value in answer.items() if key != "extensions"}
    async for message in operator.follow(query, variables):
        found = message["payload"]["data"]["registrationEvents"]
        if found["status"] != "CHECKING":
            assert found["__typename"] == "RegistrationActivated"
            break
    return {"data": {}}


async def _demo(reader: Reader) -> None:
    """Runs already, with a port and a folder of its own."""
    welcome = f"The gateway answers on {reader.demo.url}/graphql, with six operators"
    async with asyncio.timeout(10):
        while welcome not in reader.demo.written():  # noqa: ASYNC110 a file does not tell
            await asyncio.sleep(0.05)


async def _all_tests(reader: Reader) -> None:
    """Would run this one, too: it is what the check calls at its end."""
    checks = re.findall(r"^check (.+)$", (ROOT / ".ci" / "run").read_text("utf-8"), re.MULTILINE)
    assert checks[-1] == "uv run pytest"


async def _tour(reader: Reader) -> None:
    """Plays against the demo that runs, found by its data folder."""
    assert "The tour is complete." in await reader.type("uv run --no-dev gateway demo --tour")


async def _order(reader: Reader) -> None:
    """Goes to the demo's port."""
    printed = await reader.type("uv run --no-dev python docs/order.py", reader.demo.url)
    assert ": ordered once\n" in printed
    assert printed.splitlines()[-1].endswith("100 % COMPLETED    The order is complete.")


async def _partner(reader: Reader) -> None:
    """Goes to the demo's port."""
    printed = await reader.type("uv run --no-dev python docs/partner.py", reader.demo.url)
    assert [line.count("'node': {'name': ") for line in printed.splitlines()] == [2, 2]


async def _serve(reader: Reader) -> None:
    """Takes a port and a folder of its own; gets ready, and ends with Ctrl-C."""
    port = free_port()
    given = {"GATEWAY_DATA": str(reader.desk / "serve"), "GATEWAY_PORT": str(port)}
    arguments = ["gateway", "serve", "--providers", str(reader.desk / "providers.yaml")]
    program = start(arguments, reader.desk / "serve.log", reader.environment(**given), port)
    try:
        await program.ready()
        program.send(signal.SIGINT)
        assert await asyncio.to_thread(program.wait) == 0
    finally:
        program.end()


async def _partners_system(reader: Reader) -> None:
    """Takes a free port; says where it answers, and ends with Ctrl-C."""
    process = await asyncio.create_subprocess_exec(
        "bash", "-c", f"exec {PARTNERS_SYSTEM_START.replace('=9001', '=0')}",
        cwd=reader.desk, env=reader.environment(), stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    async with asyncio.timeout(30):
        (said,) = json.loads(await process.stdout.readline()).values()
    assert said["url"].endswith("/tmf-api")
    process.send_signal(signal.SIGINT)
    assert await process.wait() == 0


# What a reader types, where it can't be typed here as it stands; everything else is, with the demo's port.
COMMANDS: Mapping[str, Callable[[Reader], Awaitable[None]]] = {
    "uv run --no-dev gateway demo": _demo,
    "uv run pytest": _all_tests,
    "uv run --no-dev gateway demo --tour": _tour,
    "uv run --no-dev python docs/order.py": _order,
    "uv run --no-dev python docs/partner.py": _partner,
    "uv run --no-dev gateway serve --providers providers.yaml": _serve,
    PARTNERS_SYSTEM_START: _partners_system,
}


async def read_sh(reader: Reader, block: Block, answer: Block | None) -> None:
    """Every command does what it says: JSON that comes back is the answer shown, or no error."""
    special = COMMANDS.get(block.text.strip())
    if special:
        await special(reader)
        return
    came = list(_values(await reader.type(block.text)))
    if answer:
        assert came == [json.loads(answer.text)]
    assert answer or all("errors" not in each for each in came), came


async def read_graphql(reader: Reader, block: Block, answer: Block | None) -> None:
    """The document is valid, and answers what is shown, or no error."""
    came = await reader.ask(block.text)
    assert came == json.loads(answer.text) if answer else "errors" not in came, came


async def read_yaml(reader: Reader, block: Block, answer: Block | None) -> None:
    """The file of providers, put where the commands look for it; its provider is one of the demo's."""
    text, address = block.text, reader.network()
    if "adapter: on-api" in text:
        joining = json.loads((reader.data / "register-tornfors.json").read_text("utf-8"))["input"]["connection"]
        address = joining["adapter"]["settings"]["url"]
        text = text.replace("the one you were given", joining["adapter"]["credentials"]["basic"]["password"])
    (reader.desk / "providers.yaml").write_text(re.sub(r"http://\S+", address, text), "utf-8")


async def read_python(reader: Reader, block: Block, answer: Block | None) -> None:
    """A piece of a script that runs, word for word."""
    assert any(block.text in each.read_text("utf-8") for each in (ROOT / "docs").glob("*.py"))


async def read_js(reader: Reader, block: Block, answer: Block | None) -> None:
    """A piece of the programs that follow orders with the clients, word for word."""
    assert any(block.text in each.read_text("utf-8") for each in (ROOT / "tests" / "clients" / "lib").glob("*.mjs"))


async def read_text(reader: Reader, block: Block, answer: Block | None) -> None:
    """A picture: nothing to try."""
    assert answer is None


KINDS: Mapping[str, Callable[[Reader, Block, Block | None], Awaitable[None]]] = {
    "sh": read_sh,
    "graphql": read_graphql,
    "yaml": read_yaml,
    "python": read_python,
    "js": read_js,
    "text": read_text,
}


def _values(printed: str) -> Iterator[Any]:
    """The JSON values in what was printed, one after the other; none where it is no JSON."""
    while printed.startswith("{"):
        value, end = json.JSONDecoder().raw_decode(printed)
        yield value
        printed = printed[end:].lstrip()
