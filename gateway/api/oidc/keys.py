"""The issuer's keys, and the one place that believes a signature of its."""

import warnings
from collections.abc import Mapping
from typing import Any

from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError, SecurityWarning
from joserfc.jwk import Key, KeySet, import_key
from joserfc.jws import extract_compact

from gateway.api.oidc.http import IssuerHttp, IssuerUnavailable
from gateway.api.oidc.kept import Kept
from gateway.api.oidc.refusal import TokenRefused

ALGORITHMS = ("RS256", "ES256", "PS256", "EdDSA", "Ed25519")
"""None that a public key could be taken for the secret of, and not `none`."""
LIMIT = 16 * 1024
# No `oct`: who knows a public key must not be able to sign.
_KINDS = frozenset({"RSA", "EC", "OKP"})
MOST_KEYS = 50


async def fetch_keys(http: IssuerHttp, url: str) -> KeySet:
    """The public keys that sign; what is unknown or unreadable among them is left out. Raises: IssuerUnavailable."""
    rows = (await http.document(url)).get("keys")
    if not isinstance(rows, list):
        raise IssuerUnavailable(f"{url}: there are no keys")
    keys = [key for row in rows[:MOST_KEYS] if isinstance(row, dict) and (key := _key(row)) is not None]
    if not keys:
        raise IssuerUnavailable(f"{url}: there is no key that signs")
    return KeySet(keys)


def _key(row: Mapping[str, Any]) -> Key | None:
    if row.get("kty") not in _KINDS or row.get("use", "sig") != "sig" or "d" in row:
        return None
    try:
        return import_key(dict(row))
    except (JoseError, ValueError, TypeError, KeyError):
        return None


class IssuerKeys:
    """Checks signatures by the keys that the issuer publishes at present."""

    def __init__(self, kept: Kept[KeySet]) -> None:
        self._kept = kept

    async def known(self) -> KeySet:
        """The keys. Raises: IssuerUnavailable."""
        return await self._kept.get()

    async def signed(self, token: str) -> jwt.Token:
        """What the token says, whoever it is for: only that the issuer has signed it is sure.

        A key that is not known has the keys fetched anew, once in a while. Raises: TokenRefused, IssuerUnavailable.
        """
        check_header(token)
        try:
            return _decoded(token, await self._kept.get())
        except InvalidKeyIdError:
            pass
        try:
            return _decoded(token, await self._kept.renewed())
        except InvalidKeyIdError:
            raise TokenRefused("UNKNOWN_KEY") from None


def check_header(token: str) -> None:
    """Before any key is looked for. Raises: TokenRefused."""
    if len(token) > LIMIT or not token.isascii():
        raise TokenRefused("MALFORMED")
    try:
        header = extract_compact(token.encode()).headers()
    except (JoseError, ValueError, TypeError):
        raise TokenRefused("MALFORMED") from None
    if header.get("alg") not in ALGORITHMS:
        raise TokenRefused("ALGORITHM")


def _decoded(token: str, keys: KeySet) -> jwt.Token:
    try:
        with warnings.catch_warnings():
            # RFC 9864 gives EdDSA another name, which issuers do not use yet.
            warnings.simplefilter("ignore", SecurityWarning)
            return jwt.decode(token, keys, ALGORITHMS)
    except InvalidKeyIdError:
        raise
    except (JoseError, ValueError, TypeError):
        raise TokenRefused("SIGNATURE") from None
