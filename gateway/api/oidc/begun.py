"""A sign-in between its two requests: sealed in a cookie of the browser that began it, and kept nowhere else."""

import json
from base64 import urlsafe_b64encode
from collections.abc import Callable
from dataclasses import asdict, dataclass, field

from cryptography.fernet import Fernet, InvalidToken
from starlette.requests import Request
from starlette.responses import Response

from gateway.api.oidc.issuer import Begun
from gateway.ports import Clock

COOKIE = "__Host-sign-in"
LIFETIME_S = 600


@dataclass(frozen=True, slots=True)
class Errand:
    """What the sign-in is for: where to go afterwards, an app's challenge, the session whose account is to be linked.

    With neither of the last two the browser gets a session in cookies.
    """

    returns_to: str
    challenge: str | None = None
    links: str | None = None


@dataclass(frozen=True, slots=True)
class SignInBegun:
    """What comes back with the browser."""

    begun: Begun = field(repr=False)
    errand: Errand


class BegunCookie:
    """Encrypted and signed: what the browser brings is what it was given, for ten minutes.

    One at a time: who begins anew in another tab ends that in the first.
    """

    def __init__(self, derived: Callable[[str], bytes], clock: Clock) -> None:
        self._seal = Fernet(urlsafe_b64encode(derived("sign-in cookie")))
        self._clock = clock

    def put(self, response: Response, kept: SignInBegun) -> None:
        """Lax: the browser comes back from another site."""
        content = json.dumps({"begun": asdict(kept.begun), "errand": asdict(kept.errand)}).encode()
        value = self._seal.encrypt_at_time(content, self._now()).decode()
        response.set_cookie(COOKIE, value, LIFETIME_S, path="/", secure=True, httponly=True, samesite="lax")

    def take(self, request: Request) -> SignInBegun | None:
        """None where there is none, it is nobody's here, or too old."""
        try:
            text = self._seal.decrypt_at_time(request.cookies.get(COOKIE, ""), LIFETIME_S, self._now())
        except (InvalidToken, ValueError):
            return None
        content = json.loads(text)
        return SignInBegun(Begun(**content["begun"]), Errand(**content["errand"]))

    def remove(self, response: Response) -> None:
        """It has served."""
        response.delete_cookie(COOKIE, path="/", secure=True, httponly=True, samesite="lax")

    def _now(self) -> int:
        return int(self._clock.now().timestamp())
