"""The requests of a sign-in by the issuer, below `/auth/oidc`."""

import logging
import re
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.api.auth.addresses import limit_key
from gateway.api.auth.devices import device_of
from gateway.api.auth.doors import locale_of
from gateway.api.auth.endpoints import endpoint
from gateway.api.auth.forms import Form, read_object
from gateway.api.auth.identity import ACCESS_COOKIE, Identity
from gateway.api.auth.oauth import OAuthError, oauth_json, read_form
from gateway.api.auth.parts import AuthParts
from gateway.api.auth.problems import NO_STORE
from gateway.api.auth.session_answers import put_cookies, token_answer
from gateway.api.oidc.access import note_refusal
from gateway.api.oidc.begun import BegunCookie, Errand, SignInBegun
from gateway.api.oidc.http import IssuerUnavailable
from gateway.api.oidc.issuer import Issuer
from gateway.api.oidc.refusal import TokenRefused
from gateway.api.oidc.returning import may_return_to, with_answer
from gateway.api.telemetry.traces import refused
from gateway.domain.errors import AccessError, Problem, RequestError
from gateway.domain.issuer import IssuerSignIn
from gateway.usecases import single_sign_on
from gateway.usecases.sign_in import Origin

CALLBACK_PATH = "/auth/oidc/callback"
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
_PRIVATE = {**NO_STORE, "referrer-policy": "no-referrer"}
_log = logging.getLogger("gateway.oidc")


def oidc_routes(parts: AuthParts, issuer: Issuer) -> list[Route]:
    """The routes; there are none where no issuer is set."""
    doors = _Doors(parts, issuer)
    return [
        Route("/auth/oidc/login", endpoint({"GET": doors.begin})),
        Route(CALLBACK_PATH, endpoint({"GET": doors.come_back})),
        Route("/auth/oidc/session", endpoint({"POST": doors.redeem})),
        Route("/auth/oidc/link", endpoint({"POST": doors.link, "DELETE": doors.unlink})),
        Route("/auth/oidc/logout", endpoint({"POST": doors.log_out})),
    ]


class _Doors:
    """The handlers."""

    def __init__(self, parts: AuthParts, issuer: Issuer) -> None:
        self._parts = parts
        self._core = parts.core
        self._issuer = issuer
        self._identity = Identity(parts)
        self._cookie = BegunCookie(parts.derived, parts.core.clock)

    async def begin(self, request: Request) -> Response:
        """Sends the browser to the issuer."""
        errand = await self._errand(request)
        try:
            begun, address = await self._issuer.begin()
        except IssuerUnavailable as error:
            raise self._unavailable(error) from None
        response = _sent_to(address)
        self._cookie.put(response, SignInBegun(begun, errand))
        return response

    async def _errand(self, request: Request) -> Errand:
        asked = request.query_params
        returns_to, challenge, link = asked.get("return", ""), asked.get("code_challenge"), asked.get("link")
        problems = []
        if not may_return_to(returns_to, self._issuer.settings, is_app=challenge is not None):
            problems.append(Problem("UNKNOWN_VALUE" if returns_to else "MISSING", ("return",)))
        if challenge is not None and not _CHALLENGE.fullmatch(challenge):
            problems.append(Problem("INVALID_FORMAT", ("code_challenge",)))
        if link not in (None, "1") or (link and challenge):
            problems.append(Problem("UNKNOWN_VALUE", ("link",)))
        if problems:
            raise RequestError(*problems)
        return Errand(returns_to, challenge, await self._session_to_link(request) if link else None)

    async def _session_to_link(self, request: Request) -> str:
        """Of the cookie, which a browser sends from the gateway's own site alone; a page there must be a known one."""
        site, page = request.headers.get("sec-fetch-site"), urlsplit(request.headers.get("referer", ""))
        is_known = f"{page.scheme}://{page.netloc}" in self._parts.settings.origins
        if site not in (None, "same-origin", "none") and not is_known:
            raise AccessError(Problem("FORBIDDEN"))
        address = self._identity.address_of(request)
        caller = await self._identity.caller_of_token(request.cookies.get(ACCESS_COOKIE, ""), address)
        if caller.session_key is None:
            raise AccessError(Problem("UNAUTHENTICATED"))
        return caller.session_key

    async def come_back(self, request: Request) -> Response:
        """Ends the sign-in that this browser began, and sends it on; what went wrong stands in `error`."""
        kept, asked = self._cookie.take(request), request.query_params
        if kept is None or asked.get("state") != kept.begun.state:
            raise RequestError.at("INVALID_STATE")
        try:
            response = await self._come_to(request, kept.errand, await self._signed_in(request, kept))
        except RequestError as error:
            code = error.problems[0].code
            refused("accounts", code)
            response = _sent_to(with_answer(kept.errand.returns_to, error=code))
        self._cookie.remove(response)
        return response

    async def _signed_in(self, request: Request, kept: SignInBegun) -> IssuerSignIn:
        asked, address = request.query_params, self._address(request)
        try:
            if not await self._issuer.is_own_answer(asked.get("iss")):
                raise TokenRefused("ISS")
            if "error" in asked or "code" not in asked:
                raise TokenRefused("ISSUER_SAID_NO")
            return await self._issuer.redeem(asked["code"][:4096], kept.begun)
        except IssuerUnavailable as error:
            raise self._unavailable(error) from None
        except TokenRefused as refusal:
            note_refusal(self._core, "id", refusal.code, address)
            raise RequestError.at("ISSUER_REFUSED") from None

    async def _come_to(self, request: Request, errand: Errand, signed_in: IssuerSignIn) -> Response:
        core, rules, first = self._core, self._parts.rules, self._issuer.settings.first
        if errand.challenge:
            code = await single_sign_on.keep_code(core, signed_in, errand.challenge)
            return _sent_to(with_answer(errand.returns_to, code=code))
        response = _sent_to(errand.returns_to)
        if errand.links:
            await single_sign_on.link_session(core, rules, errand.links, signed_in.who, locale_of(request))
        else:
            origin = self._origin(request)
            session = await single_sign_on.sign_in_by_issuer(core, rules, first, signed_in, origin)
            put_cookies(response, self._parts, session)
        return response

    async def redeem(self, request: Request) -> Response:
        """An app's tokens for its code."""
        code, verifier = await self._code(request)
        first = self._issuer.settings.first
        session = await single_sign_on.sign_in_by_code(
            self._core, self._parts.rules, first, code, verifier, self._origin(request)
        )
        return token_answer(self._parts, session)

    async def link(self, request: Request) -> Response:
        """Links the sender's account to the identity of an app's code."""
        caller = await self._identity.caller_of_request(request)
        code, verifier = await self._code(request)
        locale = locale_of(request)
        await single_sign_on.link_by_code(self._core, self._parts.rules, caller, code, verifier, locale)
        return Response(status_code=204, headers=NO_STORE)

    async def _code(self, request: Request) -> tuple[str, str]:
        form = Form(await read_object(request, self._parts.settings.body_limit))
        code, verifier = form.text("code"), form.text("code_verifier")
        form.check()
        return code, verifier

    async def unlink(self, request: Request) -> Response:
        """Ends the link of the sender's account."""
        caller = await self._identity.caller_of_request(request)
        await single_sign_on.unlink(self._core, caller, self._issuer.settings.issuer)
        return Response(status_code=204, headers=NO_STORE)

    async def log_out(self, request: Request) -> Response:
        """Ends sessions, for the issuer alone. Source: OpenID Connect Back-Channel Logout 1.0, sections 2.5 to 2.8."""
        try:
            form = await read_form(request, self._parts.settings.body_limit)
            logout = await self._issuer.read_logout(form.get("logout_token", ""))
            await single_sign_on.end_by_issuer(self._core, logout)
        except OAuthError as error:
            return error.response()
        except IssuerUnavailable as error:
            raise self._unavailable(error) from None
        except (TokenRefused, RequestError) as error:
            code = error.code if isinstance(error, TokenRefused) else error.problems[0].code
            note_refusal(self._core, "logout", code, self._address(request))
            refused("accounts", "LOGOUT_TOKEN")
            return oauth_json({"error": "invalid_request", "error_description": "The logout token is refused."}, 400)
        return Response(status_code=200, headers=NO_STORE)

    def _origin(self, request: Request) -> Origin:
        address = self._identity.address_of(request)
        return Origin(limit_key(address), device_of(request, address))

    def _address(self, request: Request) -> str:
        return limit_key(self._identity.address_of(request))

    def _unavailable(self, error: IssuerUnavailable) -> RequestError:
        _log.warning("issuer-unavailable issuer=%s reason=%s", self._issuer.settings.issuer, error.reason)
        return RequestError.at("ISSUER_UNAVAILABLE")


def _sent_to(address: str) -> Response:
    return Response(status_code=303, headers={**_PRIVATE, "location": address})
