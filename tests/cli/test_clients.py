"""`gateway client`: service clients on a data folder, with or without a gateway that runs on it."""

import asyncio
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from gateway.cli import clients
from gateway.cli.refusal import Refusal
from gateway.domain.clients import ClientRecord, ClientScope
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


ISSUER = "https://id.example.com/realms/telecom"


def test_a_client_of_the_issuers_is_registered_by_its_id_there_and_gets_no_secret(
    tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GATEWAY_OIDC_ISSUER", ISSUER)
    monkeypatch.setenv("GATEWAY_OIDC_CLIENT_ID", "gateway")

    clients.add_issuer_client("acme", ["providers:write"], "acme-portal", tmp_path)

    lines = capsys.readouterr().out.splitlines()
    client_id = lines[0].removeprefix("client_id      ")
    assert lines[1:] == ["at the issuer  acme-portal", f"issuer         {ISSUER}"]
    record = kept(tmp_path, client_id)
    assert (record.issuer, record.issuer_client) == (ISSUER, "acme-portal")
    assert record.scopes == {ClientScope.PROVIDERS_WRITE}
    clients.list_clients(tmp_path)
    assert capsys.readouterr().out.endswith(f" acme-portal at {ISSUER}\n")
    with pytest.raises(Refusal, match="registered already"):
        clients.add_issuer_client("again", [], "acme-portal", tmp_path)


def test_a_client_of_the_issuers_needs_an_issuer_and_an_id(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Refusal, match="set GATEWAY_OIDC_ISSUER first"):
        clients.add_issuer_client("acme", [], "acme-portal", tmp_path)

    monkeypatch.setenv("GATEWAY_OIDC_ISSUER", ISSUER)
    monkeypatch.setenv("GATEWAY_OIDC_CLIENT_ID", "gateway")
    for name, issuer_client, line in (("acme", "", "1 to 255"), ("acme", "ä", "ASCII"), ("", "x", "1 to 100")):
        with pytest.raises(Refusal, match=line):
            clients.add_issuer_client(name, [], issuer_client, tmp_path)
    assert not tmp_path.joinpath("gateway.db").exists()


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
