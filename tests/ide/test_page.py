"""What is answered to a browser: the page, its files, and the policy that they come with."""

import gzip
import json
import re
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from graphql import parse, validate

from gateway.api.ide import assets
from gateway.api.ide.examples import CONTRACT, examples
from gateway.api.ide.policy import built_policy
from gateway.api.schema.built import schema
from tests.api.running import Running, running
from tests.federation.scripted import offering
from tests.ide.chromium import PROJECT, with_node

BROWSER = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
SCRIPT = "globalThis.isBuilt = true;"


@pytest.fixture
def build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with what a build leaves."""
    folder = tmp_path / "assets"
    folder.mkdir()
    manifest = {"script": "main-AAAAAAAA.js", "style": "main-BBBBBBBB.css"}
    (folder / "manifest.json").write_text(json.dumps(manifest), "utf-8")
    (folder / "main-AAAAAAAA.js.gz").write_bytes(gzip.compress(SCRIPT.encode()))
    (folder / "secret.js.gz").write_bytes(gzip.compress(b"nobody's business"))
    monkeypatch.setattr(assets, "ASSETS", folder)
    return folder


async def test_the_built_page_names_the_built_files_and_nothing_else(gateway: Running, build: Path) -> None:
    async with gateway.http.get(f"{gateway.address}/graphql", headers=BROWSER) as response:
        page = await response.text()

    assert (response.status, response.content_type) == (200, "text/html")
    assert re.findall(r'(?:src|href)="([^"]+)"', page) == [
        "data:,",
        "graphql/ide/main-BBBBBBBB.css",
        "graphql/ide/main-AAAAAAAA.js",
    ]
    assert (response.headers["cache-control"], response.headers["vary"]) == ("no-store", "accept")


async def test_the_built_page_may_load_from_the_gateway_alone(gateway: Running, build: Path) -> None:
    async with gateway.http.get(f"{gateway.address}/graphql", headers=BROWSER) as response:
        policy = dict(each.split(" ", 1) for each in response.headers["content-security-policy"].split("; "))

    host = gateway.address.removeprefix("http://")
    assert policy == {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self' 'unsafe-inline'",
        "font-src": "data:",
        "img-src": "data:",
        "worker-src": "'self'",
        "connect-src": f"'self' ws://{host} wss://{host}",
        "base-uri": "'none'",
        "form-action": "'self'",
        "frame-ancestors": "'none'",
    }


def test_a_host_that_is_none_gets_into_no_policy() -> None:
    assert "connect-src 'self';" in built_policy("evil; script-src *")
    assert "connect-src 'self' ws://[::1]:8000 wss://[::1]:8000;" in built_policy("[::1]:8000")


async def test_a_built_file_is_kept_for_ever_and_comes_compressed(gateway: Running, build: Path) -> None:
    url = f"{gateway.address}/graphql/ide/main-AAAAAAAA.js"
    async with gateway.http.get(url, headers={"accept-encoding": "gzip"}) as small:
        assert await small.text() == SCRIPT
    async with gateway.http.get(url, headers={"accept-encoding": "identity"}) as plain:
        assert await plain.text() == SCRIPT

    assert small.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    for response in (small, plain):
        assert response.content_type == "text/javascript"
        assert response.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert response.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    "name",
    [
        "main-CCCCCCCC.js",
        "secret.js",
        "manifest.json",
        "package.json",
        "page.py",
        "..%2f..%2fparts.py",
        "main-AAAAAAAA.js.gz",
    ],
)
async def test_what_is_no_file_of_the_page_is_not_found(gateway: Running, build: Path, name: str) -> None:
    async with gateway.http.get(f"{gateway.address}/graphql/ide/{name}") as response:
        assert response.status == 404


async def test_without_a_build_the_page_may_load_from_one_cdn_beside(
    gateway: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(assets, "ASSETS", tmp_path)

    async with gateway.http.get(f"{gateway.address}/graphql", headers=BROWSER) as response:
        page = await response.text()

    (nonce,) = re.findall(r'nonce="([^"]+)"', page)
    policy = response.headers["content-security-policy"]
    assert f"script-src 'self' 'nonce-{nonce}' https://cdn.jsdelivr.net/npm/ blob:;" in policy
    assert "worker-src 'none';" in policy
    assert "default-src 'none';" in policy


@pytest.fixture
async def shut(tmp_path: Path) -> AsyncIterator[Running]:
    """A gateway that shows no page."""
    async with running(tmp_path, [offering("nord", "o-1", "Fibre")], ide=False) as started:
        yield started


async def test_a_gateway_without_the_page_answers_a_browser_as_any_other_client(shut: Running) -> None:
    async with shut.http.get(f"{shut.address}/graphql", headers=BROWSER) as response:
        assert (response.status, response.content_type) == (400, "application/json")
    async with shut.http.get(f"{shut.address}/graphql/ide/ide.mjs") as response:
        assert response.status == 404


def test_each_operation_of_the_contract_that_the_schema_takes_is_an_example() -> None:
    documents = [path.read_text("utf-8") for path in sorted(CONTRACT.glob("*.graphql"))]

    shown = [each["query"] for each in examples()]

    assert shown == [text for text in documents if not validate(schema._schema, parse(text))]


def test_the_examples_variables_are_those_that_their_operations_declare() -> None:
    for example in examples():
        declared = set(re.findall(r"\$(\w+):", example["query"]))
        assert set(json.loads(example["variables"] or "{}")) <= declared


def test_the_lock_of_the_pages_packages_names_no_address() -> None:
    packages = json.loads((PROJECT / "package-lock.json").read_text("utf-8"))["packages"]
    project = json.loads((PROJECT / "package.json").read_text("utf-8"))

    assert [name for name, each in packages.items() if "resolved" in each] == []
    assert [name for name, each in packages.items() if name and "integrity" not in each] == []
    versions = [*project["dependencies"].values(), *project["devDependencies"].values()]
    assert [each for each in versions if not re.fullmatch(r"\d+\.\d+\.\d+", each)] == []


@with_node
def test_the_hashes_of_the_cdns_files_are_those_of_the_pinned_packages(tmp_path: Path) -> None:
    subprocess.run(["node", str(PROJECT / "hashes.mjs"), str(tmp_path / "cdn.json")], check=True, capture_output=True)

    assert (tmp_path / "cdn.json").read_bytes() == (PROJECT / "cdn.json").read_bytes(), "renew it by: npm run hashes"
