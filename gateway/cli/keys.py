"""`gateway keys …`: changes the files of keys, which gateways that run read again by themselves."""

import asyncio
import contextlib
import fcntl
import json
import os
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

from gateway.api.auth import keys as signing
from gateway.api.auth.key_changes import KeyNeeded, ListedKey, UnknownKey, listed, with_next, without
from gateway.cli.data_folder import write_private
from gateway.cli.failures import as_refusals
from gateway.cli.refusal import Refusal
from gateway.cli.words import say
from gateway.federation.joining import unopened
from gateway.ports import Storage
from gateway.settings import Settings, read_settings
from gateway.storage import MemoryWakeUps, SystemClock, open_storage
from gateway.storage.sealing import KEY_FILE, FernetSealing, keys_in, new_key, secret_id
from gateway.usecases.one_time_passwords import unopened_secrets

# By then nothing is being stored any more that was sealed before the file changed.
_SETTLED_S = 10
_MOMENT = "%Y-%m-%d %H:%M:%S UTC"


def list_keys(data: Path | None) -> int:
    """Prints a line for each: what it is for, its id, what it does. Raises: Refusal."""
    settings = _settings(data)
    now = SystemClock().now()
    for each in listed(_signing(settings), now):
        does = _does(each)
        if each.signs_from > now:
            does = f"signs from {each.signs_from:{_MOMENT}} on"
        say(f"tokens   {each.id}  {does}")
    for number, key in enumerate(_sealing(settings)):
        say(f"secrets  {secret_id(key)}  {'opens' if number else 'seals'}")
    return 0


def _does(key: ListedKey) -> str:
    if key.signs:
        return "signs"
    return f"checks until {key.checks_until:{_MOMENT}}" if key.checks_until else "checks"


def rotate_keys(data: Path | None, after_s: int, *, of_secrets: bool) -> int:
    """Adds a key and prints its id, and from when on it is used. Raises: Refusal."""
    settings = _settings(data)
    with _changing(settings.keys_folder):
        return _rotate_secrets(settings) if of_secrets else _rotate_signing(settings, after_s)


def _rotate_signing(settings: Settings, after_s: int) -> int:
    content, now = _signing(settings), SystemClock().now()
    after = timedelta(seconds=after_s)
    with as_refusals():
        new, changed = with_next(content, now, after, timedelta(seconds=settings.access_token_s))
    _write(settings.keys_folder / signing.FILE, json.dumps(changed))
    say(f"{new} signs from {now + after:{_MOMENT}} on")
    return 0


def _rotate_secrets(settings: Settings) -> int:
    keys, new = _sealing(settings), new_key()
    if settings.secrets_key:
        raise Refusal("the keys are those of GATEWAY_SECRETS_KEY: put a new one first there, gateway after gateway")
    if not keys:
        raise Refusal(_none_yet(settings))
    _write(settings.keys_folder / KEY_FILE, "\n".join([new, *keys]) + "\n")
    say(f"{secret_id(new)} seals from now on")
    return 0


def drop_key(wanted: str, data: Path | None) -> int:
    """Takes a key out that nothing needs. Raises: Refusal."""
    settings = _settings(data)
    with _changing(settings.keys_folder):
        if wanted in {secret_id(each) for each in _sealing(settings)}:
            _drop_secret(settings, wanted)
        else:
            _drop_signing(settings, wanted)
    say(f"{wanted} is dropped")
    return 0


def _drop_signing(settings: Settings, wanted: str) -> None:
    try:
        changed = without(_signing(settings), wanted, SystemClock().now())
    except UnknownKey as error:
        raise Refusal(f"{error}; see: gateway keys list", status=2) from None
    except KeyNeeded as error:
        raise Refusal(str(error)) from None
    _write(settings.keys_folder / signing.FILE, json.dumps(changed))


def _drop_secret(settings: Settings, wanted: str) -> None:
    keys, path = _sealing(settings), settings.keys_folder / KEY_FILE
    if settings.secrets_key:
        raise Refusal("the keys are those of GATEWAY_SECRETS_KEY: take it out there")
    if secret_id(keys[0]) == wanted:
        raise Refusal(f"the key {wanted} seals: rotate first")
    if time.time() - path.stat().st_mtime < _SETTLED_S:
        raise Refusal(f"the keys changed a moment ago: try again in {_SETTLED_S} seconds")
    rest = [each for each in keys if secret_id(each) != wanted]
    with as_refusals():
        needing = asyncio.run(_needing(settings.database, keys, rest))
    if needing:
        what = f"{needing} registrations and one-time passwords are sealed by the key {wanted}"
        raise Refusal(f"{what}: a gateway that runs seals them anew")
    _write(path, "\n".join(rest) + "\n")


async def _needing(database: str, keys: list[str], rest: list[str]) -> int:
    """How many registrations and one-time passwords the rest does not open, though the keys do."""
    async with open_storage(database, MemoryWakeUps(), SystemClock(), None) as storage:
        counts = [await _unopened(storage, FernetSealing(each)) for each in (rest, keys)]
    return counts[0] - counts[1]


async def _unopened(storage: Storage, sealing: FernetSealing) -> int:
    return await unopened(storage, sealing) + await unopened_secrets(storage, sealing)


def _settings(data: Path | None) -> Settings:
    with as_refusals():
        return read_settings(data=data)


def _signing(settings: Settings) -> dict[str, Any]:
    path = settings.keys_folder / signing.FILE
    if not path.exists():
        raise Refusal(_none_yet(settings))
    with as_refusals():
        signing.read_keys(settings.keys_folder)
    content: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return content


def _sealing(settings: Settings) -> list[str]:
    path = settings.keys_folder / KEY_FILE
    if settings.secrets_key:
        return list(settings.secrets_key)
    return keys_in(path.read_bytes()) if path.exists() else []


def _none_yet(settings: Settings) -> str:
    return f"there are no keys in {settings.keys_folder} yet: the first start makes them"


@contextlib.contextmanager
def _changing(folder: Path) -> Iterator[None]:
    """One change at a time: it is read and written under a lock of the folder. Raises: Refusal."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError as error:
        raise Refusal(f"the folder of keys {folder} can't be read: {error.strerror}") from None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
        os.fsync(handle)
    finally:
        os.close(handle)


def _write(path: Path, text: str) -> None:
    """In one piece, for its owner alone, who stays the same: the gateways may run as somebody else."""
    kept = path.stat()
    try:
        write_private(path, text, (kept.st_uid, kept.st_gid))
    except OSError as error:
        raise Refusal(f"{path} can't be written: {error.strerror}") from None
