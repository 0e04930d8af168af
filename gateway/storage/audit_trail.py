"""What guards the chain of security events from outside the database: its keys, and a note of its newest event."""

import json
import logging
import os
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from pathlib import Path

from gateway.domain.security_chain import ChainKeys, Head
from gateway.storage.failures import AuditKeysUnreadable
from gateway.storage.secret_files import kept_secret

KEY_FILE = "audit.key"
HEAD_FILE = "audit.head"
_OWNER_ONLY = 0o600
_KEY_BYTES = 32
_log = logging.getLogger("gateway.audit")


class AuditTrail:
    """The keys, and where the newest event is noted: in `folder`, where there is one, and in the log.

    Who cuts off the end of the chain, head and all, meets the note: it never goes back, a restart included.
    """

    def __init__(self, keys: ChainKeys, folder: Path | None = None, head: Head | None = None) -> None:
        self.keys = keys
        self.head = head
        self._folder = folder

    def note(self, head: Head) -> None:
        """Notes the newest event after its commit; an older one than is noted changes nothing."""
        if self.head is not None and self.head.sequence >= head.sequence:
            return
        self.head = head
        _log.info("audit head %d %s", head.sequence, head.digest, extra={"sequence": head.sequence})
        if self._folder is not None:
            try:
                _replace(self._folder / HEAD_FILE, json.dumps({"sequence": head.sequence, "digest": head.digest}))
            except OSError as error:
                # The event is kept: a full disk must not turn what was done into a fault.
                _log.error("the head of the audit trail can't be noted: %s", error.strerror)


def _replace(path: Path, text: str) -> None:
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _OWNER_ONLY)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(text + "\n")
    draft.replace(path)


def noted_head(folder: Path) -> Head | None:
    """The newest event that this folder's gateway has noted; None for none. Raises: OSError, ValueError."""
    try:
        content = json.loads((folder / HEAD_FILE).read_text("ascii"))
        return Head(int(content["sequence"]), str(content["digest"]))
    except FileNotFoundError:
        return None
    except (KeyError, TypeError):
        raise ValueError("it is no note of a head") from None


def passing_trail() -> AuditTrail:
    """By a key of this process alone."""
    return AuditTrail(ChainKeys((secrets.token_bytes(_KEY_BYTES),)))


def open_trail(keys: Sequence[str], folder: Path, keys_folder: Path | None = None) -> AuditTrail:
    """By these keys; without any by those in the folder of keys, one a line, made on first use for its owner alone.

    The newest event is noted in `folder`; the keys are there too unless another one is named. Raises:
    AuditKeysUnreadable.
    """
    path = (keys_folder or folder) / KEY_FILE
    try:
        found = tuple(urlsafe_b64decode(each) for each in keys or kept_secret(path, _new_key).decode("ascii").split())
    except OSError as error:
        raise AuditKeysUnreadable(f"the audit keys in {path} can't be read or made: {error.strerror}") from error
    except ValueError:
        found = ()
    if not found or any(len(each) != _KEY_BYTES for each in found):
        raise AuditKeysUnreadable(f"{path} is not a file of audit keys: restore it, or put it away to begin a new key")
    try:
        return AuditTrail(ChainKeys(found), folder, noted_head(folder))
    except (OSError, ValueError):
        note = folder / HEAD_FILE
        raise AuditKeysUnreadable(f"the note of the newest event, {note}, can't be read: put it away") from None


def _new_key() -> bytes:
    return urlsafe_b64encode(secrets.token_bytes(_KEY_BYTES)) + b"\n"
