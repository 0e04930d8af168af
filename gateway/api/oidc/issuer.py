"""The operator's own identity provider, as the gateway asks it: addresses, codes, keys, tokens."""

import asyncio
import logging
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from urllib.parse import quote_plus, urlencode

from authlib.oauth2.auth import ClientAuth
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri, prepare_token_request
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from joserfc.jwk import KeySet

from gateway.api.oidc.client_tokens import ClientToken, names_issuer, read_client_token
from gateway.api.oidc.http import IssuerHttp, IssuerUnavailable, open_http
from gateway.api.oidc.id_tokens import Expected, read_id_token
from gateway.api.oidc.kept import Kept
from gateway.api.oidc.keys import IssuerKeys, fetch_keys
from gateway.api.oidc.logout_tokens import read_logout_token
from gateway.api.oidc.metadata import Metadata, fetch_metadata
from gateway.api.oidc.parts import OidcSettings
from gateway.api.oidc.refusal import TokenRefused
from gateway.domain.issuer import IssuerSignIn
from gateway.ports import Clock
from gateway.usecases.single_sign_on import IssuerLogout

_FORM = "application/x-www-form-urlencoded"
_log = logging.getLogger("gateway.oidc")


@dataclass(frozen=True, slots=True)
class Begun:
    """A sign-in that has begun: what its browser must bring back."""

    state: str
    nonce: str
    verifier: str = field(repr=False)


class Issuer:
    """Asked for what is needed when it is needed: an issuer that is away disturbs nobody else."""

    def __init__(self, settings: OidcSettings, http: IssuerHttp, clock: Clock) -> None:
        self.settings = settings
        self._http = http
        self._clock = clock
        self._metadata: Kept[Metadata] = Kept(partial(fetch_metadata, http, settings.issuer), clock)
        self._keys = IssuerKeys(Kept(self._fetch_keys, clock))

    async def _fetch_keys(self) -> KeySet:
        return await fetch_keys(self._http, (await self._metadata.get()).keys)

    async def greet(self) -> None:
        """Asks once, so that the operator learns at the start of an issuer that is away, or another one."""
        try:
            await self._keys.known()
        except IssuerUnavailable as error:
            _log.warning("issuer-unavailable issuer=%s reason=%s", self.settings.issuer, error.reason)

    async def begin(self) -> tuple[Begun, str]:
        """A new sign-in, and the address at the issuer that it goes on at. Raises: IssuerUnavailable."""
        begun = Begun(secrets.token_urlsafe(24), secrets.token_urlsafe(24), secrets.token_urlsafe(48))
        address = prepare_grant_uri(
            (await self._metadata.get()).authorization,
            self.settings.client_id,
            "code",
            redirect_uri=self.settings.callback,
            scope=self.settings.scopes,
            state=begun.state,
            nonce=begun.nonce,
            code_challenge=create_s256_code_challenge(begun.verifier),
            code_challenge_method="S256",
        )
        return begun, str(address)

    async def is_own_answer(self, named: str | None) -> bool:
        """Whether an answer through the browser names this issuer, where it names one. Raises: IssuerUnavailable.

        Source: RFC 9207, section 2.4.
        """
        if named is None:
            return not (await self._metadata.get()).names_itself
        return named == self.settings.issuer

    async def redeem(self, code: str, begun: Begun) -> IssuerSignIn:
        """Who has signed in, by the code of their sign-in. Raises: IssuerUnavailable, TokenRefused."""
        metadata = await self._metadata.get()
        status, answer = await self._http.post(metadata.token, *self._token_request(metadata, code, begun))
        text, access_token = answer.get("id_token"), answer.get("access_token")
        if status >= 500:
            raise IssuerUnavailable(f"{metadata.token}: status {status}")
        if status != 200 or not isinstance(text, str):
            raise TokenRefused("CODE" if status != 200 else "NO_ID_TOKEN")
        expected = Expected(begun.nonce, access_token if isinstance(access_token, str) else None)
        return read_id_token(await self._keys.signed(text), text, expected, self.settings, self._clock.now())

    def _token_request(self, metadata: Metadata, code: str, begun: Begun) -> tuple[dict[str, str], str]:
        settings = self.settings
        form = prepare_token_request(
            "authorization_code", redirect_uri=settings.callback, code=code, code_verifier=begun.verifier
        )
        client, secret = settings.client_id, settings.client_secret
        method = "client_secret_basic" if metadata.takes_basic else "client_secret_post"
        if metadata.takes_basic and secret:
            # Each part as in a form, before they are joined. Source: RFC 6749, section 2.3.1.
            client, secret = quote_plus(client), quote_plus(secret)
        auth = ClientAuth(client, secret, method if secret else "none")
        _, headers, body = auth.prepare("POST", metadata.token, {"Content-Type": _FORM}, form)
        return headers, body

    async def read_logout(self, text: str) -> IssuerLogout:
        """Whose sessions end. Raises: IssuerUnavailable, TokenRefused."""
        return read_logout_token(await self._keys.signed(text), self.settings, self._clock.now())

    def may_be_of_client(self, text: str) -> bool:
        """Whether to look closer at an access token that is not the gateway's own."""
        return self.settings.audience is not None and names_issuer(text, self.settings.issuer)

    async def read_client(self, text: str) -> ClientToken:
        """Which service client it stands for. Raises: IssuerUnavailable, TokenRefused."""
        token = await self._keys.signed(text)
        return read_client_token(token, self.settings.issuer, self.settings.audience or "", self._clock.now())

    async def end_session_address(self, id_token: str) -> str | None:
        """Where a browser goes to end the issuer's session too; None where the issuer does not say, or is away.

        Source: OpenID Connect RP-Initiated Logout 1.0, section 2.
        """
        try:
            address = (await self._metadata.get()).end_session
        except IssuerUnavailable:
            return None
        if address is None:
            return None
        asked = {"client_id": self.settings.client_id, "post_logout_redirect_uri": self.settings.home}
        # A longer one would not fit into a header; then the issuer asks whether it is meant.
        hint = {"id_token_hint": id_token} if 0 < len(id_token) <= 4096 else {}
        return f"{address}{'&' if '?' in address else '?'}{urlencode({**asked, **hint})}"


@asynccontextmanager
async def open_issuer(settings: OidcSettings, clock: Clock) -> AsyncIterator[Issuer]:
    """Its connections from entry to exit; nothing is asked by itself."""
    async with open_http() as http:
        yield Issuer(settings, http, clock)


@asynccontextmanager
async def greeted(issuer: Issuer) -> AsyncIterator[None]:
    """The issuer is asked once meanwhile; nobody waits for its answer."""
    greeting = asyncio.create_task(issuer.greet())
    try:
        yield
    finally:
        greeting.cancel()
        await asyncio.wait([greeting])
