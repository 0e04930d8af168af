"""Hashes of passwords by argon2, in a small pool of threads of their own: a flood of sign-ins slows only itself."""

import asyncio
import secrets
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from gateway.domain.credentials import normalized
from gateway.domain.errors import RequestError

T = TypeVar("T")

THREADS = 2
WAITING_LIMIT = 200  # some seconds' work: who would wait longer is told to come again
# Source: OWASP Password Storage Cheat Sheet, argon2id (46 MiB, one pass, one lane): some 30 ms of one core.
_HASHER = PasswordHasher(time_cost=1, memory_cost=47104, parallelism=1)


class ArgonPasswords:
    """argon2id; hashes of other parameters are verified too, and replaced at the next sign-in."""

    def __init__(self, pool: ThreadPoolExecutor, hasher: PasswordHasher) -> None:
        self._pool = pool
        self._hasher = hasher
        self._of_nobody = hasher.hash(secrets.token_urlsafe(32))
        self._waiting = 0

    async def hash(self, password: str) -> str:
        """A salted hash. Raises: RequestError BUSY."""
        return await self._run(lambda: self._hasher.hash(normalized(password)))

    async def is_right(self, password: str, password_hash: str | None) -> bool:
        """Verifies against nobody's hash where there is none. Raises: RequestError BUSY."""
        is_match = await self._run(lambda: self._verify(password_hash or self._of_nobody, normalized(password)))
        return is_match and password_hash is not None

    def is_outdated(self, password_hash: str) -> bool:
        """Whether it was made with other parameters."""
        return self._hasher.check_needs_rehash(password_hash)

    def _verify(self, password_hash: str, password: str) -> bool:
        try:
            return self._hasher.verify(password_hash, password)
        except (VerificationError, InvalidHashError):
            return False

    async def _run(self, work: Callable[[], T]) -> T:
        if self._waiting >= WAITING_LIMIT:
            raise RequestError.at("BUSY")
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, work)
        finally:
            self._waiting -= 1


@contextmanager
def open_passwords(hasher: PasswordHasher = _HASHER) -> Iterator[ArgonPasswords]:
    """The pool's life."""
    with ThreadPoolExecutor(THREADS, "passwords") as pool:
        yield ArgonPasswords(pool, hasher)
