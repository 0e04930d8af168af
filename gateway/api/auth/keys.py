"""The gateway's secrets in the data folder: keys that sign access tokens, and one that makes refresh tokens.

`keys.json` is for its owner alone. Its first signing key signs, each of them checks: to change keys, put a new one
first, and take the old one out when the last token it signed has ended.
"""

import contextlib
import hmac
import json
import os
import secrets
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet

from gateway.domain.errors import GatewayError

FILE = "keys.json"
_OWNER_ONLY = 0o600


class KeysUnreadable(GatewayError):
    """The file of keys is not what the gateway wrote, or can't be read or made."""


@dataclass(frozen=True, slots=True)
class Keys:
    """Keys by id in `signing`, the one that signs first."""

    signing: KeySet
    refresh: bytes

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
        content = json.loads(path.read_text("utf-8"))
        signing = KeySet([ECKey.import_key(each) for each in content["signing"]])
        refresh = bytes.fromhex(content["refresh"])
        if not signing.keys or len(refresh) < 32 or not all(key.kid for key in signing.keys):
            raise ValueError("a key is missing")
    except OSError as error:
        raise KeysUnreadable(f"the keys in {path} can't be read or made: {error.strerror}") from error
    except (ValueError, KeyError, TypeError, JoseError):
        raise KeysUnreadable(f"{path} is not a file of keys: restore it, or delete it to end every session") from None
    return Keys(signing, refresh)


def _new_content() -> dict[str, Any]:
    key = ECKey.generate_key("P-256", {"kid": secrets.token_hex(8), "use": "sig", "alg": "ES256"}, private=True)
    return {"signing": [key.as_dict(private=True)], "refresh": secrets.token_hex(32)}


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
