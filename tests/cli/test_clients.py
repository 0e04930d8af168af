"""`gateway client`: service clients on a data folder, with or without a gateway that runs on it."""

import asyncio
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from gateway.cli import clients
from gateway.cli.refusal import Refusal
from gateway.domain.clients import ClientRecord
from gateway.storage import MemoryWakeUps, SystemClock, open_storage
from gateway.usecases.clients import _digest

Capture = pytest.CaptureFixture[str]


def made(capture: Capture, data: Path) -> tuple[str, str]:
    """The id and the secret that were printed, for the gateway of that folder."""
    lines = capture.readouterr().out.splitlines()
    assert lines[2:] == [
        "The secret is shown this once.",
        f"The gateway of the folder {data} knows the client, and no other.",
    ]
    return lines[0].removeprefix("client_id      "), lines[1].removeprefix("client_secret  ")


def kept(data: Path, client_id: str) -> ClientRecord:
    async def read() -> ClientRecord | None:
        address = f"sqlite:///{data / 'gateway.db'}"
        async with (
            open_storage(address, MemoryWakeUps(), SystemClock(), None) as storage,
            storage.reading() as unit,
        ):
            return await unit.clients.get(client_id)

    found = asyncio.run(read())
    assert found is not None
    return found


def test_a_client_is_made_listed_given_a_new_secret_and_ended(tmp_path: Path, capsys: Capture) -> None:
    clients.add_client("acme", ["providers:write"], tmp_path)
    client_id, first = made(capsys, tmp_path)
    clients.add_client("tool", [], tmp_path)
    made(capsys, tmp_path)

    clients.list_clients(tmp_path)
    listed = capsys.readouterr().out
    clients.rotate_client(client_id, tmp_path, ends_previous=False)
    second = made(capsys, tmp_path)[1]
    in_grace = kept(tmp_path, client_id)
    clients.rotate_client(client_id, tmp_path, ends_previous=True)
    third = made(capsys, tmp_path)[1]
    alone = kept(tmp_path, client_id)
    clients.end_client(client_id, tmp_path)

    assert [line.split()[1:] for line in listed.splitlines()] == [
        ["tool", "never", "used"],
        ["acme", "never", "used", "providers:write"],
    ]
    assert (in_grace.secret_digest, in_grace.previous_digest) == (_digest(second), _digest(first))
    assert (alone.secret_digest, alone.previous_digest) == (_digest(third), None)
    assert capsys.readouterr().out == "acme has ended\n"
    assert kept(tmp_path, client_id).ended_at is not None
    clients.list_clients(tmp_path)
    assert " ended 2" in capsys.readouterr().out.splitlines()[1]


def test_what_makes_no_sense_is_one_clear_line(tmp_path: Path, capsys: Capture) -> None:
    clients.add_client("acme", [], tmp_path)
    client_id, _ = made(capsys, tmp_path)
    clients.end_client(client_id, tmp_path)

    tries: list[tuple[Callable[[], int], str]] = [
        (
            lambda: clients.add_client("x", ["providers:write", "providers:*"], tmp_path),
            "there is no such scope; there",
        ),
        (partial(clients.add_client, " ", [], tmp_path), "a client's name has 1 to 100 printable characters"),
        (partial(clients.end_client, "acme", tmp_path), "there is no client of that id"),
        (partial(clients.rotate_client, "acme", tmp_path, ends_previous=True), "there is no client of that id"),
        (partial(clients.rotate_client, client_id, tmp_path, ends_previous=True), "the client has ended"),
    ]
    for work, line in tries:
        with pytest.raises(Refusal, match=line) as refusal:
            work()
        assert refusal.value.status == 2
