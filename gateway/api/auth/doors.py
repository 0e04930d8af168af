"""What the handlers of accounts, sessions, passwords and one-time passwords share."""

from starlette.requests import Request
from starlette.responses import Response

from gateway.api.auth.addresses import limit_key
from gateway.api.auth.devices import device_of
from gateway.api.auth.forms import Form, read_object
from gateway.api.auth.identity import Identity
from gateway.api.auth.parts import AuthParts
from gateway.api.auth.problems import NO_STORE
from gateway.api.auth.session_answers import json_answer, limits_of, put_cookies, token_answer
from gateway.api.texts.language import chosen_language
from gateway.domain.errors import Problem, RequestError
from gateway.domain.one_time_passwords import Proof
from gateway.domain.parties import Caller
from gateway.ports import Attempt
from gateway.usecases.attempts import count_try
from gateway.usecases.sessions import SignedIn
from gateway.usecases.sign_in import Origin


class Doors:
    """Reads requests, and answers them."""

    def __init__(self, parts: AuthParts) -> None:
        self.parts = parts
        self.identity = Identity(parts)

    async def form(self, request: Request) -> Form:
        """The body's fields. Raises: RequestError."""
        return Form(await read_object(request, self.parts.settings.body_limit))

    def limit_key(self, request: Request) -> str:
        """What attempts are counted by."""
        return limit_key(self.identity.address_of(request))

    def origin(self, request: Request) -> Origin:
        """Where the request comes from."""
        address = self.identity.address_of(request)
        return Origin(limit_key(address), device_of(request, address))

    def is_cookie_mode(self, request: Request) -> bool:
        """Whether the tokens go into cookies. Raises: RequestError, AccessError where they must not."""
        mode = request.query_params.get("mode")
        if mode is None:
            return False
        if mode != "cookie":
            raise RequestError.at("UNKNOWN_VALUE", "mode")
        self.identity.check_cookie_use(request)
        return True

    def signed_in(self, signed_in: SignedIn, is_cookie: bool) -> Response:
        """The session's tokens; and whether it can do nothing yet but switch on a one-time password."""
        if not is_cookie:
            return token_answer(self.parts, signed_in)
        response = json_answer({"expires_in": self.parts.tokens.lifetime_s, **limits_of(signed_in)})
        put_cookies(response, self.parts, signed_in)
        return response


async def count_export(parts: AuthParts, caller: Caller) -> None:
    """Of somebody: each is a row in the trail, and reads all that there is. Raises: RequestError RATE_LIMITED."""
    if caller.subject is not None:
        await count_try(parts.rules.attempts, Attempt.EXPORT, caller.subject)


def locale_of(request: Request) -> str:
    """The language of the sentences."""
    return chosen_language(request.headers.get("accept-language"))


def read_proof(form: Form) -> tuple[Proof, list[Problem]]:
    """A one-time code or a recovery code, and what is wrong with what was given: one of the two it must be."""
    proof = Proof(form.optional_text("oneTimeCode"), form.optional_text("recoveryCode"))
    if proof.one_time_code is not None and proof.recovery_code is not None:
        return proof, [Problem("ONLY_ONE", ("recoveryCode",))]
    if proof.one_time_code is None and proof.recovery_code is None:
        return proof, [Problem("MISSING", ("oneTimeCode",))]
    return proof, []


def answer_done(status: int = 204) -> Response:
    """Nothing to say."""
    return Response(status_code=status, headers=NO_STORE)
