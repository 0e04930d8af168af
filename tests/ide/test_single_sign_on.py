"""A person with a browser who signs in to the page by the operator's identity provider."""

from pathlib import Path

import pytest

from tests.ide.chromium import played, with_chromium
from tests.oidc.issuer import an_issuer
from tests.oidc.test_whole import served

pytestmark = [with_chromium, pytest.mark.timeout(150)]


@pytest.mark.requirement("S1")
async def test_the_link_leads_to_the_identity_provider_and_back(tmp_path: Path) -> None:
    async with an_issuer() as issuer:
        with served(tmp_path, issuer, GATEWAY_OIDC_NAME="Telecom ID") as program:
            await program.ready()
            seen = await played("single_sign_on.mjs", program.url)

    assert seen["there"] == {
        "who": "Signed in as anna",
        "problem": "",
        "address": f"{program.url}/graphql",
        "isLinkLeft": False,
        "kept": None,
    }
    assert (seen["violations"], seen["console"]) == ([], [])
