"""`gateway keys`: the files of keys change while gateways run, and nothing that was signed or sealed is lost."""

import asyncio
import json
import os
import stat
import time
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from gateway.api.auth import keys
from gateway.api.auth.key_changes import KeyNeeded, UnknownKey, with_next, without
from gateway.api.auth.keys import KeyRing, read_keys
from gateway.cli.keys import drop_key, list_keys, rotate_keys
from gateway.cli.refusal import Refusal
from gateway.federation.joining import keep_resealed, reseal, unopened, unsealed_connection
from gateway.federation.tending import tended
from gateway.ports import Storage
from gateway.ports.registrations import SealBroken
from gateway.storage.sealing import FernetSealing, keys_in, open_sealing, secret_id
from tests.registrations.world import KEY, open_world, registering, until

Capture = pytest.CaptureFixture[str]
NOW = datetime(2030, 1, 1, tzinfo=UTC)
TOKEN = timedelta(minutes=15)


def content(folder: Path) -> dict[str, object]:
    found: dict[str, object] = json.loads((folder / "keys.json").read_text())
    return found


@pytest.mark.requirement("S5")
def test_a_new_key_signs_when_all_have_read_it_and_the_old_one_checks_until_its_last_token_has_ended(
    tmp_path: Path,
) -> None:
    old = read_keys(tmp_path).signer(NOW).kid
    new, changed = with_next(content(tmp_path), NOW, timedelta(minutes=10), TOKEN)
    read = keys.keys_of(changed)

    begins = NOW + timedelta(minutes=10)
    signers = [read.signer(moment).kid for moment in (NOW, begins - timedelta(seconds=1), begins)]

    assert signers == [old, old, new]
    assert {key.kid for key in read.signing.keys} == {old, new}
    with pytest.raises(KeyNeeded, match="is next already"):
        with_next(changed, NOW, timedelta(minutes=10), TOKEN)
    for key, moment, why in [
        (new, NOW, "is next"),
        (old, NOW, "signs: rotate first"),
        (old, begins + TOKEN, "may live until 2030-01-01 00:26:00 UTC"),
        (new, begins + timedelta(days=1), "signs: rotate first"),
    ]:
        with pytest.raises(KeyNeeded, match=why):
            without(changed, str(key), moment)
    with pytest.raises(UnknownKey):
        without(changed, "none", NOW)
    left = without(changed, str(old), begins + TOKEN + timedelta(minutes=1))
    assert [key.kid for key in keys.keys_of(left).signing.keys] == [new]
    assert keys.keys_of(left).refresh == read.refresh


@pytest.mark.requirement("S5")
async def test_a_gateway_that_runs_reads_changed_keys_and_keeps_those_it_has_while_the_file_is_broken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keys, "WATCH_S", 0.02)
    ring = KeyRing(tmp_path)

    async with tended("keys", ring.follow):
        await asyncio.to_thread(rotate_keys, tmp_path, 600, of_secrets=False)
        await until(lambda: len(ring.keys.signing.keys) == 2)
        whole = (tmp_path / "keys.json").read_text()
        (tmp_path / "keys.json").write_text("{")
        await asyncio.sleep(0.2)
        kept = len(ring.keys.signing.keys)
        (tmp_path / "keys.json").write_text(whole.replace('"times"', '"moments"'))
        await until(lambda: not ring.keys.times)

    assert kept == 2


def test_keys_are_listed_with_what_they_do_and_a_needed_one_stays(tmp_path: Path, capsys: Capture) -> None:
    old = read_keys(tmp_path).signer(NOW).kid
    (tmp_path / "secrets.key").write_text(KEY)

    rotate_keys(tmp_path, 600, of_secrets=False)
    new = capsys.readouterr().out.split()[0]
    list_keys(tmp_path)
    before = content(tmp_path)

    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert [line[:4] for line in lines] == [
        ["tokens", old, "signs"],
        ["tokens", new, "signs", "from"],
        ["secrets", secret_id(KEY), "seals"],
    ]
    for key, status in ((old, 1), (new, 1), (secret_id(KEY), 1), ("none", 2)):
        with pytest.raises(Refusal) as refusal:
            drop_key(str(key), tmp_path)
        assert refusal.value.status == status
    assert content(tmp_path) == before
    assert stat.S_IMODE((tmp_path / "keys.json").stat().st_mode) == 0o600
    assert sorted(each.name for each in tmp_path.iterdir()) == ["keys.json", "secrets.key"]


def test_a_folder_without_keys_and_keys_of_the_environment_are_one_clear_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for work in (
        partial(list_keys, tmp_path),
        partial(rotate_keys, tmp_path, 600, of_secrets=False),
        partial(rotate_keys, tmp_path, 600, of_secrets=True),
        partial(drop_key, "none", tmp_path),
    ):
        with pytest.raises(Refusal, match="the first start makes them"):
            work()
    monkeypatch.setenv("GATEWAY_SECRETS_KEY", KEY)
    with pytest.raises(Refusal, match="put a new one first there"):
        rotate_keys(tmp_path, 600, of_secrets=True)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.requirement("S5")
async def test_secrets_are_sealed_anew_by_gateways_that_run_and_then_the_old_key_can_go(tmp_path: Path) -> None:
    file = tmp_path / "secrets.key"
    file.write_text(KEY)
    sealing = open_sealing([], tmp_path)
    async with open_world(f"sqlite:///{tmp_path / 'gateway.db'}") as world:
        made = await world.settled(await world.register())
        async with world.storage.reading() as unit:
            sealed = (await unit.registrations.connections(made.id)).serving

        await asyncio.to_thread(rotate_keys, tmp_path, 600, of_secrets=True)
        newest = keys_in(file.read_bytes())[0]
        age(file)
        with pytest.raises(Refusal, match="1 registrations and one-time passwords are sealed by the key"):
            await asyncio.to_thread(drop_key, secret_id(KEY), tmp_path)
        assert len(keys_in(file.read_bytes())) == 2

        async def reseal_all() -> None:
            await reseal(world.storage, sealing)

        async with tended("sealing", partial(keep_resealed, sealing.newest, reseal_all)):
            await until(lambda: opened_by(world.storage, newest))
        await asyncio.to_thread(drop_key, secret_id(KEY), tmp_path)

        assert keys_in(file.read_bytes()) == [newest]
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        async with world.storage.reading() as unit:
            anew = (await unit.registrations.connections(made.id)).serving
        assert sealed is not None
        assert anew is not None
        assert unsealed_connection(sealing, anew) == registering().connection
        with pytest.raises(SealBroken):
            sealing.unseal(sealed)


def test_a_key_that_has_just_come_first_lets_the_former_one_stay_a_while(tmp_path: Path) -> None:
    (tmp_path / "secrets.key").write_text(KEY)
    rotate_keys(tmp_path, 600, of_secrets=True)

    with pytest.raises(Refusal, match="changed a moment ago"):
        drop_key(secret_id(KEY), tmp_path)

    assert KEY in keys_in((tmp_path / "secrets.key").read_bytes())


def test_what_another_gateway_sealed_by_a_newer_key_is_opened_at_once(tmp_path: Path) -> None:
    one, other = open_sealing([], tmp_path), open_sealing([], tmp_path)
    before = one.seal("secret")

    rotate_keys(tmp_path, 600, of_secrets=True)

    assert other.unseal(one.seal("secret")) == "secret"
    assert other.unseal(before) == "secret"
    assert other.resealed(before) is not None


def age(file: Path) -> None:
    """Its last change was a minute ago."""
    os.utime(file, (time.time() - 60, time.time() - 60))


async def opened_by(storage: Storage, key: str) -> bool:
    return await unopened(storage, FernetSealing([key])) == 0
