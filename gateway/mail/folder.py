"""Mails as files: one each, for their owner alone. What a gateway does that has no mail server."""

import asyncio
import os
from pathlib import Path

from gateway.mail.messages import message_of
from gateway.ports.mails import Mail


class FolderMailer:
    """Writes `<key>.eml`, so that what is sent twice is there once; names sort by the time."""

    def __init__(self, folder: Path, sender: str) -> None:
        self._folder = folder
        self._sender = sender

    async def send(self, mail: Mail) -> None:
        """Raises: Undeliverable, OSError."""
        content = message_of(mail, self._sender).as_bytes()
        await asyncio.to_thread(self._write, self._folder / f"{mail.key}.eml", content)

    def _write(self, path: Path, content: bytes) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = path.with_suffix(".draft")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
