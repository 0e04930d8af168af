"""One demo for all clients, with their documents as its trusted ones, and what each of their programs has told."""

import asyncio
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.clients.packages import CLIENTS, TYPED, install, run
from tests.e2e.processes import demo

MANIFESTS = (CLIENTS / "relay/__generated__/persisted.json", TYPED / "generated/persisted-documents.json")
Outcomes = dict[str, str | None]


@pytest.fixture(scope="session")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What relay-compiler and codegen have persisted, as one file."""
    for folder, script in ((CLIENTS, "relay"), (TYPED, "codegen")):
        install(folder)
        run(folder, "npm", "run", "--silent", script)
    documents = {key: text for file in MANIFESTS for key, text in json.loads(file.read_bytes()).items()}
    whole = tmp_path_factory.mktemp("clients") / "documents.json"
    whole.write_text(json.dumps(documents))
    return whole


@pytest.fixture(scope="session")
def gateway_url(manifest: Path) -> Iterator[str]:
    """The address of a demo for the clients alone."""
    with demo(
        manifest.parent / "data",
        GATEWAY_TRUSTED_DOCUMENTS="also",
        GATEWAY_TRUSTED_DOCUMENTS_FILE=str(manifest),
    ) as program:
        asyncio.run(program.ready())
        yield program.url


@pytest.fixture(scope="session")
def outcomes(gateway_url: str) -> Callable[[str], Outcomes]:
    """What a client's program has told of each of its steps: None, or what went wrong. It runs once."""
    told: dict[str, Outcomes] = {}

    def outcomes_of(program: str) -> Outcomes:
        if program not in told:
            lines = run(CLIENTS, "node", f"{program}.mjs", gateway_url).splitlines()
            told[program] = {line["step"]: line["error"] for line in map(json.loads, lines)}
        return told[program]

    return outcomes_of
