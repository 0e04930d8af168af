"""Encrypts what must not be readable at rest: Fernet, by the first of several keys."""

from collections.abc import Sequence
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from gateway.domain.security_chain import key_id
from gateway.ports.registrations import SealBroken
from gateway.storage.secret_files import kept_secret

KEY_FILE = "secrets.key"


class FernetSealing:
    """Seals by the first key, unseals by each of them: a new key is put first, an old one dropped once all is resealed.

    Source: the Fernet specification, version 0x80.
    """

    def __init__(self, keys: Sequence[str]) -> None:
        self.key_ids = tuple(key_id(key.encode()) for key in keys)
        self._newest = Fernet(keys[0])
        self._all = MultiFernet([Fernet(key) for key in keys])

    def seal(self, text: str) -> str:
        return self._newest.encrypt(text.encode()).decode()

    def unseal(self, sealed: str) -> str:
        try:
            return self._all.decrypt(sealed.encode()).decode()
        except InvalidToken:
            raise SealBroken("sealed by a key that is none of GATEWAY_SECRETS_KEY's") from None

    def resealed(self, sealed: str) -> str | None:
        try:
            self._newest.decrypt(sealed.encode())
        except InvalidToken:
            return self.seal(self.unseal(sealed))
        return None


def open_sealing(keys: Sequence[str], folder: Path) -> FernetSealing:
    """By these keys; without any by the one in the folder, made on first use for its owner alone. Raises: OSError."""
    return FernetSealing(keys or [kept_secret(folder / KEY_FILE, Fernet.generate_key).decode("ascii").strip()])
