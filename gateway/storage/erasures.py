"""Who was erased, in a file beside the keys: a database that is restored from an older copy is told again."""

import json
import os
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

FILE = "erased.jsonl"


class ErasedList:
    """One line for each, with the id and the moment alone; without a folder nothing is noted."""

    def __init__(self, folder: Path | None = None) -> None:
        self._path = folder / FILE if folder else None

    def note(self, ids: Sequence[str], at: datetime) -> None:
        """Adds these; on the disk when it returns. Raises: OSError."""
        if self._path is None:
            return
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        lines = "".join(json.dumps({"id": each, "erasedAt": at.isoformat()}) + "\n" for each in ids)
        descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(descriptor, "a", encoding="ascii") as file:
            file.write(lines)
            file.flush()
            os.fsync(file.fileno())

    def noted(self) -> Sequence[str]:
        """See ports.Erasures. A line that a crash left half written is of nothing that was committed."""
        if self._path is None or not self._path.exists():
            return []
        found = [_read(line) for line in self._path.read_text("ascii", "replace").splitlines()]
        return list(dict.fromkeys(each for each in found if each))


def _read(line: str) -> str | None:
    try:
        return str(json.loads(line)["id"])
    except (ValueError, KeyError, TypeError):
        return None
