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
        self.key_ids = tuple(secret_id(key) for key in keys)
        self._newest = Fernet(keys[0])
        self._all = MultiFernet([Fernet(key) for key in keys])

    def newest(self) -> str:
        """The id of the key that seals."""
        return self.key_ids[0]

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


class FileSealing(FernetSealing):
    """By the keys of a file, one a line, as it is at each use: who changes the file stops no gateway."""

    def __init__(self, path: Path) -> None:
        """Raises: OSError."""
        self._path = path
        self._seen = b""
        self._look()

    def newest(self) -> str:
        self._look()
        return super().newest()

    def seal(self, text: str) -> str:
        self._look()
        return super().seal(text)

    def unseal(self, sealed: str) -> str:
        self._look()
        return super().unseal(sealed)

    def resealed(self, sealed: str) -> str | None:
        self._look()
        return super().resealed(sealed)

    def _look(self) -> None:
        try:
            content = self._path.read_bytes()
        except OSError:
            if not self._seen:
                raise
            return  # as it was
        if content != self._seen:
            try:
                super().__init__(keys_in(content))
            except (ValueError, IndexError):
                if not self._seen:
                    raise
                return
            self._seen = content


def keys_in(content: bytes) -> list[str]:
    """The keys of a file, the one that seals first."""
    return [line.strip() for line in content.decode("ascii").splitlines() if line.strip()]


def secret_id(key: str) -> str:
    """What a key is called where others read it, in the security events too."""
    return key_id(key.encode())


def new_key() -> str:
    """A key that nobody else has."""
    return Fernet.generate_key().decode("ascii")


def open_sealing(keys: Sequence[str], folder: Path) -> FernetSealing:
    """By these keys; without any by those of the file in the folder, made on first use for its owner alone.

    Raises: OSError.
    """
    if keys:
        return FernetSealing(keys)
    kept_secret(folder / KEY_FILE, Fernet.generate_key)
    return FileSealing(folder / KEY_FILE)
