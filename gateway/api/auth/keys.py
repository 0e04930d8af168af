"""The gateway's secrets in the data folder: keys that sign access tokens, and one that makes refresh tokens.

`keys.json` is for its owner alone. Each signing key checks; the one that was last to begin signs. Beside the keys
stands from when on each signs, and until when a token of it may live; without that the first one signs. Gateways that
run read the file again when it has changed (`KeyRing`), and `key_changes` says how it changes.
"""

import asyncio
import contextlib
import hmac
import json
import logging
import os
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet

from gateway.domain.errors import GatewayError

log = logging.getLogger(__name__)

FILE = "keys.json"
# How soon a changed file is noticed; its price is one look at the folder.
WATCH_S = 1.0
_OWNER_ONLY = 0o600


class KeysUnreadable(GatewayError):
    """The file of keys is not what the gateway wrote, or can't be read or made."""


_EPOCH = datetime.fromtimestamp(0, UTC)


@dataclass(frozen=True, slots=True)
class KeyTimes:
    """From when on a key signs, and until when a token that it signed may live (None while no other follows it)."""

    signs_from: datetime = _EPOCH
    checks_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Keys:
    """Keys that check in `signing`, and the times of those by id that have any."""

    signing: KeySet
    refresh: bytes
    times: Mapping[str, KeyTimes] = field(default_factory=dict)

    def times_of(self, key_id: str) -> KeyTimes:
        """When that key signs and checks."""
        return self.times.get(key_id, KeyTimes())

    @property
    def ids(self) -> Sequence[str]:
        """The ids of all that check, the newest first."""
        found = [key.kid or "" for key in self.signing.keys]
        return sorted(found, key=lambda each: self.times_of(each).signs_from, reverse=True)

    def signer(self, now: datetime) -> Any:
        """The key that signs at that moment: of those that may, the last one to begin."""
        begun = [key for key in self.signing.keys if self.times_of(key.kid or "").signs_from <= now]
        # Where none has begun, a clock went back: the first one is known to all.
        return max(begun or self.signing.keys[:1], key=lambda key: self.times_of(key.kid or "").signs_from)

    def successor(self, token: str) -> str:
        """The refresh token that follows that one: always the same, and nobody else can tell it."""
        return urlsafe_b64encode(hmac.digest(self.refresh, token.encode(), "sha256")).decode().rstrip("=")

    def derived(self, purpose: str) -> bytes:
        """A key of 32 bytes for one purpose alone."""
        # No refresh token has a space in it: so no successor is ever such a key.
        return hmac.digest(self.refresh, f"key for {purpose}".encode(), "sha256")


def read_keys(folder: Path) -> Keys:
    """The keys of that folder, made on first use. Raises: KeysUnreadable."""
    path = folder / FILE
    try:
        if not path.exists():
            _write_new(path)
        path.chmod(_OWNER_ONLY)
        return keys_of(json.loads(path.read_text("utf-8")))
    except OSError as error:
        raise KeysUnreadable(f"the keys in {path} can't be read or made: {error.strerror}") from error
    except (ValueError, KeyError, TypeError, JoseError):
        raise KeysUnreadable(f"{path} is not a file of keys: restore it, or delete it to end every session") from None


def keys_of(content: Mapping[str, Any]) -> Keys:
    """The keys of a file's content. Raises: ValueError, KeyError, TypeError, JoseError."""
    signing = KeySet([ECKey.import_key(each) for each in content["signing"]])
    refresh = bytes.fromhex(content["refresh"])
    if not signing.keys or len(refresh) < 32 or not all(key.kid for key in signing.keys):
        raise ValueError("a key is missing")
    return Keys(signing, refresh, {kid: _times(each) for kid, each in content.get("times", {}).items()})


def _times(content: Mapping[str, str]) -> KeyTimes:
    until = content.get("checksUntil")
    begins = datetime.fromisoformat(content["signsFrom"]) if "signsFrom" in content else _EPOCH
    return KeyTimes(begins, datetime.fromisoformat(until) if until else None)


class KeyRing:
    """The keys of a folder as its file has them now: what is signed and checked goes by `keys`."""

    def __init__(self, folder: Path) -> None:
        """Raises: KeysUnreadable."""
        self._folder = folder
        self.keys = read_keys(folder)
        self._seen = self._mark()

    def successor(self, token: str) -> str:
        """See Keys."""
        return self.keys.successor(token)

    def derived(self, purpose: str) -> bytes:
        """See Keys."""
        return self.keys.derived(purpose)

    async def follow(self) -> None:
        """Reads the file whenever it has changed; one that can't be read leaves the keys as they are."""
        while True:
            await asyncio.sleep(WATCH_S)
            await asyncio.to_thread(self.look)

    def look(self) -> None:
        """Reads the file where it has changed since the last look."""
        mark = self._mark()
        if mark == self._seen or mark is None:
            return
        try:
            self.keys = read_keys(self._folder)
            log.info("keys were read again")
        except KeysUnreadable as error:
            log.error("the keys stay as they were: %s", error)  # noqa: TRY400 its text is all there is to say
        self._seen = mark

    def _mark(self) -> tuple[int, int, int] | None:
        try:
            told = (self._folder / FILE).stat()
        except OSError:
            return None
        return told.st_ino, told.st_mtime_ns, told.st_size


def new_signing_key() -> dict[str, Any]:
    """A private key for the file, with an id of its own."""
    key = ECKey.generate_key("P-256", {"kid": secrets.token_hex(8), "use": "sig", "alg": "ES256"}, private=True)
    return dict(key.as_dict(private=True))


def _new_content() -> dict[str, Any]:
    return {"signing": [new_signing_key()], "refresh": secrets.token_hex(32)}


def _write_new(path: Path) -> None:
    """All at once: a start beside this one, or after a crash here, finds the whole file or none."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{FILE}.{secrets.token_hex(8)}")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNER_ONLY), "w") as file:
            json.dump(_new_content(), file)
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            path.hardlink_to(draft)
    finally:
        draft.unlink(missing_ok=True)
