"""A PostgreSQL that is gone without a word: no connection waits for it for as long as the network would."""

import pytest
from sqlalchemy import make_url

from gateway.storage import MemoryWakeUps, open_storage
from tests.clock import SettableClock
from tests.storage.conftest import needs_postgres

BOUNDS = {"connect_timeout": "5", "keepalives_idle": "2", "tcp_user_timeout": "5000"}


@needs_postgres
@pytest.mark.parametrize("given", [{}, {"tcp_user_timeout": "9000"}])
async def test_each_connection_gives_a_silent_server_up_unless_the_address_says_otherwise(
    new_postgres: str, given: dict[str, str]
) -> None:
    address = make_url(new_postgres).update_query_dict(given).render_as_string(hide_password=False)

    async with open_storage(address, MemoryWakeUps(), SettableClock(), None) as storage:
        async with storage.engine.connect() as connection:
            raw = await connection.get_raw_connection()
            info = raw.driver_connection.info.get_parameters()  # type: ignore[union-attr]
        engines_own = make_url(storage.sync_url).query

    expected = {**BOUNDS, **given}
    assert {name: info.get(name) for name in expected} == expected
    assert {name: engines_own.get(name) for name in expected} == expected
