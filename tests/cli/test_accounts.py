"""The demo's accounts: made once for a data folder, and completed where an older version made fewer."""

import json
import stat
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.cli.accounts import seed_accounts
from gateway.cli.refusal import Refusal
from gateway.domain.clients import ClientScope
from gateway.storage import MemoryWakeUps, open_storage
from gateway.usecases.core import Core
from tests.clock import SettableClock
from tests.cores import a_core


@pytest.fixture
async def core(tmp_path: Path) -> AsyncIterator[Core]:
    wakeups, clock = MemoryWakeUps(), SettableClock()
    async with open_storage(f"sqlite:///{tmp_path / 'gateway.db'}", wakeups, clock, None) as storage:
        yield a_core(storage, wakeups, clock)


async def test_the_partner_is_added_to_an_older_demos_accounts(core: Core, tmp_path: Path) -> None:
    file = tmp_path / "credentials.json"
    file.write_text('{"demo": "one secret", "operator": "another"}')

    first = await seed_accounts(core, tmp_path)
    again = await seed_accounts(core, tmp_path)

    assert first == again
    assert first.passwords == {"demo": "one secret", "operator": "another"}
    assert json.loads(file.read_text()) == {
        "demo": "one secret",
        "operator": "another",
        "acme": {"client_id": first.client_id, "client_secret": first.client_secret},
    }
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    async with core.storage.reading() as unit:
        acme = await unit.clients.get(first.client_id)
    assert acme is not None
    assert (acme.name, [*acme.scopes], acme.generation) == ("acme", [ClientScope.PROVIDERS_WRITE], 1)


@pytest.mark.parametrize("content", ["", "[]", '{"demo": "x"}', '{"demo": "x", "operator": "y", "acme": "z"}'])
async def test_a_file_of_credentials_that_is_none_is_one_clear_line(core: Core, tmp_path: Path, content: str) -> None:
    (tmp_path / "credentials.json").write_text(content)

    with pytest.raises(Refusal, match=r"credentials\.json can't be read; remove it"):
        await seed_accounts(core, tmp_path)
