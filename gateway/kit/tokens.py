"""Access tokens of a provider's token server: fetched at the first need, kept until shortly before they end."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from urllib.parse import quote_plus, urlencode

from yarl import URL

from gateway.contract import ProviderError, Unavailable
from gateway.kit.answers import Answer, Misshapen
from gateway.kit.calls import Call
from gateway.kit.credentials import OAuthClient, basic_header
from gateway.kit.trouble import CREDENTIALS_REFUSED, Intent, Now, Trouble, retry_after_s

CAPABILITY = "credentials"
# Where the server does not say how long a token lives; a lifetime is never believed beyond a day.
LIFETIME_S = 300.0
LONGEST_LIFETIME_S = 86400.0
# Before its end by this much, a token is not used any more: the request may be on its way for a while.
MARGIN_S = 30.0
# A token that was refused is not fetched anew sooner than this, unless it had been good before.
PATIENCE_S = 30.0

Send = Callable[[Call, Trouble], Awaitable[Answer]]


@dataclass(slots=True)
class Token:
    """An access token, with the moments of the event loop's clock at which it came and ends."""

    text: str = field(repr=False)
    came_at: float
    ends_at: float
    was_good: bool = False


class Tokens:
    """The tokens of one client; however many wait for one, it is fetched once.

    Small code of our own: Authlib's client needs requests or httpx, while these calls must go through the connections
    of the provider's client, with its limits and the check of each address.
    """

    def __init__(self, client: OAuthClient, provider: str, send: Send) -> None:
        self._client = client
        self._provider = provider
        self._send = send
        self._kept: Token | None = None
        self._fetching: asyncio.Task[Token] | None = None

    async def current(self, now: Now) -> Token:
        """A token that is good for a while. Raises: Unavailable."""
        kept = self._kept
        if kept is not None and _time() < kept.ends_at:
            return kept
        if self._fetching is None:
            self._fetching = asyncio.create_task(self._fetched(now))
            self._fetching.add_done_callback(self._done)
        # One who waits may be cancelled without the others losing theirs.
        return await asyncio.shield(self._fetching)

    async def another(self, refused: Token, now: Now) -> Token | None:
        """What to try instead of a token that was not accepted; None where a new one would do no better.

        Raises: Unavailable.
        """
        if self._kept is refused:
            if not refused.was_good and _time() - refused.came_at < PATIENCE_S:
                return None
            self._kept = None
        return await self.current(now)

    async def close(self) -> None:
        """Ends a fetch that nobody waits for any more."""
        if self._fetching is not None:
            self._fetching.cancel()
            await asyncio.wait([self._fetching])

    def _done(self, task: asyncio.Task[Token]) -> None:
        self._fetching = None
        if not task.cancelled() and task.exception() is None:
            self._kept = task.result()

    async def _fetched(self, now: Now) -> Token:
        trouble = Trouble(self._provider, CAPABILITY, Intent.QUESTION, now)
        try:
            answer = await self._send(self._call(), trouble)
        except ProviderError as error:
            raise Unavailable(self._provider, CAPABILITY, f"no token: {error.detail}") from None
        if answer.status != HTTPStatus.OK:
            # What a token server says to a wrong client or secret. Source: RFC 6749, 5.2.
            finding = CREDENTIALS_REFUSED if answer.status in {400, 401, 403} else None
            raise Unavailable(self._provider, CAPABILITY, _refusal(answer), retry_after_s(answer, now()), finding)
        try:
            return _read(answer)
        except Misshapen as error:
            raise Unavailable(self._provider, CAPABILITY, f"no token: {error}") from None

    def _call(self) -> Call:
        # Source: RFC 6749, 2.3.1 (the client in a Basic header, form-encoded) and 4.4.2 (the request).
        client = self._client
        form = {"grant_type": "client_credentials", **({"scope": client.scope} if client.scope else {})}
        headers = {
            "Authorization": basic_header(quote_plus(client.client_id), quote_plus(client.client_secret)),
            "Content-Type": "application/x-www-form-urlencoded",
        }
        return Call("POST", URL(client.token_url), Intent.QUESTION, headers, urlencode(form).encode())


def _time() -> float:
    return asyncio.get_running_loop().time()


def _read(answer: Answer) -> Token:
    """Source: RFC 6749, 5.1; the token's characters: RFC 6750, 2.1."""
    row = answer.row()
    text, kind, seconds = row.get("access_token"), row.get("token_type", "bearer"), row.get("expires_in")
    if not isinstance(text, str) or not re.fullmatch(r"[A-Za-z0-9._~+/-]{1,8192}=*", text):
        raise Misshapen("no access_token")
    if not isinstance(kind, str) or kind.lower() != "bearer":
        raise Misshapen("a token of another type than bearer")
    is_number = isinstance(seconds, int | float) and not isinstance(seconds, bool) and seconds > 0
    lives_s = min(float(seconds), LONGEST_LIFETIME_S) if is_number and seconds else LIFETIME_S
    came_at = _time()
    return Token(text, came_at, came_at + lives_s - min(MARGIN_S, lives_s / 10))


def _refusal(answer: Answer) -> str:
    """The status and the error's code, which comes of a short list; no text of a stranger's. Source: RFC 6749, 5.2."""
    try:
        code = answer.row().get("error")
    except Misshapen:
        code = None
    is_plain = isinstance(code, str) and re.fullmatch(r"[a-z_]{1,40}", code)
    return f"no token: status {answer.status}" + (f": {code}" if is_plain else "")
