"""An identity provider and a gateway for each test."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.oidc.gateway import Browser, Running, serving
from tests.oidc.issuer import TestIssuer, an_issuer


@pytest.fixture
async def issuer() -> AsyncIterator[TestIssuer]:
    async with an_issuer() as running:
        yield running


@pytest.fixture
async def gateway(tmp_path: Path, issuer: TestIssuer) -> AsyncIterator[Running]:
    async with serving(tmp_path, issuer) as running:
        yield running


@pytest.fixture
def browser(gateway: Running) -> Browser:
    return gateway.browser()
