"""The page of a checkout without a build: the same packages from a CDN, held to their hashes."""

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from gateway.api.ide import assets
from gateway.api.ide.policy import CDN
from tests.api.running import Running
from tests.ide.chromium import played, with_chromium

pytestmark = [with_chromium, pytest.mark.timeout(150)]


@pytest.fixture(autouse=True)
def _no_build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(assets, "ASSETS", tmp_path / "assets")


async def test_it_works_with_nothing_but_the_cdn_and_the_gateway(gateway: Running) -> None:
    seen: Any = await played("unbuilt.mjs", gateway.address, CDN)

    (complaint,) = seen["console"]
    assert "integrity" in complaint
    assert f"{gateway.address}/graphql/ide/wrong.mjs" in complaint
    assert seen["violations"] == []
    hosts = {
        urlsplit(each["url"]).netloc for each in seen["requests"] if not each["url"].startswith(("data:", "blob:"))
    }
    assert hosts == {urlsplit(gateway.address).netloc, urlsplit(CDN).netloc}
    assert len(seen["tabs"]) == 22
    names = [edge["node"]["name"] for edge in seen["answer"]["data"]["productOfferings"]["edges"]]
    assert names == ["Fibre 100", "Fibre 200"]
    # No worker can be held to hashes: their work is done in the page.
    assert (seen["workers"], seen["faults"]) == (0, ['Cannot query field "nothing" on type "Query".'])


@pytest.mark.parametrize("forged", ["graphiql@5.4.0/dist/GraphiQL.js", "react@19.3.1/cjs/react.production.js"])
async def test_a_file_of_the_cdn_that_is_not_the_pinned_one_is_not_run(gateway: Running, forged: str) -> None:
    seen: Any = await played("unbuilt.mjs", gateway.address, CDN, forged)

    assert seen["line"].startswith("The editor can't be loaded: ")
    assert seen["isForged"] is False
