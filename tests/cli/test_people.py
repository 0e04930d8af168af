"""`gateway account`: what the operator does for a person, on a data folder."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import pytest

from gateway.cli import people
from gateway.cli.refusal import Refusal
from gateway.ports import UnitOfWork
from gateway.ports.sign_in import OneTimePassword
from gateway.storage import MemoryWakeUps, SystemClock, open_storage
from tests.clock import NOON
from tests.samples import an_account

Capture = pytest.CaptureFixture[str]
T = TypeVar("T")


def on(data: Path, work: Callable[[UnitOfWork], Awaitable[T]]) -> T:
    async def run() -> T:
        address = f"sqlite:///{data / 'gateway.db'}"
        async with (
            open_storage(address, MemoryWakeUps(), SystemClock(), None) as storage,
            storage.writing() as unit,
        ):
            return await work(unit)

    return asyncio.run(run())


def test_a_lost_one_time_password_is_taken_away(tmp_path: Path, capsys: Capture) -> None:
    account = an_account()

    async def enrol(unit: UnitOfWork) -> None:
        await unit.accounts.add(account)
        await unit.one_time_passwords.put_pending(OneTimePassword(account.actor_id, "sealed", NOON))
        await unit.one_time_passwords.confirm(account.actor_id, "sealed", 1, NOON)

    on(tmp_path, enrol)
    people.reset_one_time_password("Maria", tmp_path)
    people.reset_one_time_password("maria", tmp_path)
    people.end_sessions("maria", tmp_path)

    assert capsys.readouterr().out.splitlines() == [
        "Maria signs in by the password alone now",
        "maria had no one-time password",
        "maria: 0 sessions have ended",
    ]
    assert on(tmp_path, lambda unit: unit.one_time_passwords.get(account.actor_id)) is None


@pytest.mark.parametrize("act", [people.reset_one_time_password, people.end_sessions])
def test_a_name_that_nobody_has_is_refused(act: Callable[[str, Path], int], tmp_path: Path) -> None:
    with pytest.raises(Refusal) as caught:
        act("nobody", tmp_path)

    assert (caught.value.lines, caught.value.status) == (("there is no account of that name",), 2)
