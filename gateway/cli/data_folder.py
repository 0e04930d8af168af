"""The data folder: made for its owner alone, and in use by one gateway at a time."""

import contextlib
import fcntl
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from gateway.cli.refusal import Refusal

LOCK = "lock"


class FolderInUse(Refusal):
    """Another gateway works on the folder. `url` is where it answers, where that is known."""

    def __init__(self, folder: Path, holder: dict[str, Any]) -> None:
        who = f" (process {holder['pid']})" if "pid" in holder else ""
        super().__init__(f"the data folder {folder} is in use by another gateway{who}; give another one by --data")
        self.url: str | None = holder.get("url")


class HeldFolder:
    """A data folder that this process holds; the kernel lets go of it when the process ends, however it ends."""

    def __init__(self, path: Path, lock: IO[str]) -> None:
        self.path = path
        self._lock = lock

    def tell(self, url: str) -> None:
        """Writes down where this gateway answers, for a later command."""
        self._write({"pid": os.getpid(), "url": url})

    def _write(self, holder: dict[str, Any]) -> None:
        self._lock.seek(0)
        self._lock.truncate()
        self._lock.write(json.dumps(holder))
        self._lock.flush()


@contextlib.contextmanager
def held_folder(path: Path) -> Iterator[HeldFolder]:
    """Makes the folder where there is none, and holds it. Raises: Refusal, FolderInUse."""
    with _opened(path) as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise FolderInUse(path, _holder(lock)) from None
        folder = HeldFolder(path, lock)
        folder._write({"pid": os.getpid()})
        yield folder


def _opened(path: Path) -> IO[str]:
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise Refusal(f"the data folder {path} can't be written: {error.strerror}") from None
    return os.fdopen(descriptor, "r+", encoding="utf-8")


def _holder(lock: IO[str]) -> dict[str, Any]:
    # Its words are a courtesy: they may be half written.
    with contextlib.suppress(ValueError):
        holder = json.loads(lock.read())
        if isinstance(holder, dict):
            return holder
    return {}


def write_private(path: Path, text: str, owner: tuple[int, int] | None = None) -> None:
    """Replaces a file of the folder, readable for its owner alone, in one piece.

    The owner (user and group) is who writes it, unless another is named. Raises: OSError.
    """
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        if owner not in {None, (os.geteuid(), os.getegid())}:
            os.fchown(file.fileno(), *owner)
        os.fsync(file.fileno())
    unfinished.replace(path)
