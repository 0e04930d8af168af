"""Errors of accounts and sessions: RFC 9457 problem details, each with the fields that are wrong."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

import orjson
from starlette.responses import Response

from gateway.domain.errors import Problem, RequestError, StorageUnavailable

MEDIA_TYPE = "application/problem+json"
NO_STORE = {"cache-control": "no-store"}

_STATUS = {
    "MALFORMED_JSON": HTTPStatus.BAD_REQUEST,
    "UNAUTHENTICATED": HTTPStatus.UNAUTHORIZED,
    "INVALID_CHALLENGE": HTTPStatus.UNAUTHORIZED,
    "INVALID_CREDENTIALS": HTTPStatus.UNAUTHORIZED,
    "INVALID_REFRESH_TOKEN": HTTPStatus.UNAUTHORIZED,
    "ONE_TIME_CODE_REQUIRED": HTTPStatus.UNAUTHORIZED,
    "FORBIDDEN": HTTPStatus.FORBIDDEN,
    "ACCOUNT_REQUIRED": HTTPStatus.FORBIDDEN,
    "ALREADY_LINKED": HTTPStatus.CONFLICT,
    "IDENTITY_TAKEN": HTTPStatus.CONFLICT,
    "INVALID_CODE": HTTPStatus.UNAUTHORIZED,
    "INVALID_STATE": HTTPStatus.BAD_REQUEST,
    "ISSUER_REFUSED": HTTPStatus.UNAUTHORIZED,
    "ISSUER_UNAVAILABLE": HTTPStatus.SERVICE_UNAVAILABLE,
    "LAST_MANAGER": HTTPStatus.CONFLICT,
    "LAST_SIGN_IN": HTTPStatus.CONFLICT,
    "NOT_CLOSED": HTTPStatus.CONFLICT,
    "SIGN_IN_AGAIN": HTTPStatus.FORBIDDEN,
    "NOT_LINKED": HTTPStatus.NOT_FOUND,
    "ONE_TIME_PASSWORD_REQUIRED": HTTPStatus.FORBIDDEN,
    "NOT_ALLOWED": HTTPStatus.FORBIDDEN,
    "NOT_FOUND": HTTPStatus.NOT_FOUND,
    "METHOD_NOT_ALLOWED": HTTPStatus.METHOD_NOT_ALLOWED,
    "ALREADY_ON": HTTPStatus.CONFLICT,
    "NOT_BEGUN": HTTPStatus.CONFLICT,
    "NOT_ON": HTTPStatus.CONFLICT,
    "USERNAME_TAKEN": HTTPStatus.CONFLICT,
    "BODY_TOO_LARGE": HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    "NOT_JSON": HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    "RATE_LIMITED": HTTPStatus.TOO_MANY_REQUESTS,
    "BUSY": HTTPStatus.SERVICE_UNAVAILABLE,
}
TEXTS = {
    "ACCOUNT_REQUIRED": "No account is linked to you. Sign in by a password, and link it.",
    "ALREADY_LINKED": "This is linked already, to another identity.",
    "ALREADY_ON": "The one-time password is on already.",
    "BODY_TOO_LARGE": "The body has more than {maximum} bytes.",
    "BUSY": "Too many are signing in just now. Try again in a moment.",
    "CUSTOMER_REQUIRED": "Say for which customer.",
    "FORBIDDEN": "A request with cookies needs a JSON content type and a known Origin.",
    "IDENTITY_TAKEN": "Another account is linked to this identity.",
    "INVALID_CODE": "The code is wrong, used, or too old. Begin the sign-in again.",
    "INVALID_CHALLENGE": "This sign-in is over. Sign in again.",
    "INVALID_CREDENTIALS": "The username or the password is wrong.",
    "INVALID_FORMAT": "This has characters, or a form, that is not allowed here.",
    "INVALID_ONE_TIME_CODE": "The one-time code is wrong, or was used already. Wait for the next one.",
    "INVALID_PASSWORD": "The password is wrong.",
    "INVALID_RECOVERY_CODE": "The recovery code is wrong, or was used already.",
    "INVALID_REFRESH_TOKEN": "The session has ended. Sign in again.",
    "ALREADY_MEMBER": "The account is a member of this customer already.",
    "INVITATION_INVALID": "The invitation is not, or no longer, good for this account. Ask for a new one.",
    "TOO_MANY_MEMBERSHIPS": "The account acts for {maximum} customers already.",
    "INVALID_STATE": "This browser has begun no such sign-in, or too long ago. Begin again.",
    "ISSUER_REFUSED": "The identity provider did not sign you in.",
    "ISSUER_UNAVAILABLE": "The identity provider can't be reached just now. Sign in by a password, or try again.",
    "LAST_MANAGER": "Nobody else manages {customer}. Hand the management over, or close it, then erase the account.",
    "LAST_SIGN_IN": "The account has no password: without the link nobody could sign in to it.",
    "MALFORMED_JSON": "The body is not a JSON object, or names something twice.",
    "INVALID_RESET_TOKEN": "The link is wrong, was used already, or is too old. Ask for another one.",
    "METHOD_NOT_ALLOWED": "This address does not take that method.",
    "MISSING": "This is required.",
    "NOT_LINKED": "The account is linked to no identity.",
    "NOT_CLOSED": "The customer is open. Close it first.",
    "NOT_BEGUN": "Begin anew: no one-time password waits for its first code.",
    "NOT_ALLOWED": "This is for the customer's self-service manager.",
    "NOT_FOUND": "There is no such customer.",
    "NOT_JSON": "Send JSON, with the content type application/json.",
    "NOT_ON": "No one-time password is on.",
    "ONE_TIME_CODE_REQUIRED": "Give the one-time code, or a recovery code, to end the sign-in.",
    "ONE_TIME_PASSWORD_REQUIRED": "Your account has to have a one-time password, switched on.",
    "ONLY_ONE": "Give only one of the two.",
    "NOT_WITH_INVITATION": "Who comes by an invitation gets no customer of their own: leave this out.",
    "RATE_LIMITED": "Too many attempts. Try again in {seconds} seconds.",
    "REPLAYED": "This came before.",
    "SIGN_IN_AGAIN": "Sign in at the identity provider again, then erase within five minutes.",
    "TOO_COMMON": "This password is too easy to guess. Choose another one.",
    "TOO_LONG": "This has more than {maximum} characters.",
    "TOO_SHORT": "This needs at least {minimum} characters.",
    "UNAUTHENTICATED": "Sign in first.",
    "UNKNOWN_FIELD": "There is no such field.",
    "UNKNOWN_VALUE": "This is none of the values allowed.",
    "USERNAME_TAKEN": "The username is taken. Choose another one.",
    "WRONG_TYPE": "This has the wrong type.",
}


def problem_response(error: RequestError, headers: Mapping[str, str] | None = None) -> Response:
    """The answer: its status by the first problem's code; 422 for what is wrong with fields."""
    first = error.problems[0]
    status = _STATUS.get(first.code, HTTPStatus.UNPROCESSABLE_ENTITY)
    body = {
        "type": "about:blank",
        "title": status.phrase,
        "status": int(status),
        "detail": _text(first),
        "errors": _errors(error.problems),
        **_waiting(first),
    }
    kept = {**NO_STORE, **_headers(first, status), **(headers or {})}
    return Response(orjson.dumps(body), int(status), kept, MEDIA_TYPE)


def unavailable_response(error: StorageUnavailable) -> Response:
    """503: what we keep can't be reached."""
    status, detail = HTTPStatus.SERVICE_UNAVAILABLE, f"Try again in {error.retry_after_s} seconds."
    body = {"type": "about:blank", "title": status.phrase, "status": int(status), "detail": detail, "errors": []}
    headers = {**NO_STORE, "retry-after": str(error.retry_after_s)}
    return Response(orjson.dumps(body), int(status), headers, MEDIA_TYPE)


def _errors(problems: Sequence[Problem]) -> list[dict[str, Any]]:
    return [
        {"field": ".".join(each.field) if each.field else None, "code": each.code, "message": _text(each)}
        for each in problems
    ]


def _waiting(problem: Problem) -> dict[str, Any]:
    """What ends a sign-in that waits for a code."""
    if problem.code != "ONE_TIME_CODE_REQUIRED":
        return {}
    return {"challenge": problem.params["challenge"], "expires_in": int(problem.params["seconds"])}


def _text(problem: Problem) -> str:
    return TEXTS[problem.code].format_map(problem.params)


def _headers(problem: Problem, status: HTTPStatus) -> dict[str, str]:
    if status is HTTPStatus.UNAUTHORIZED:
        return {"www-authenticate": "Bearer"}
    if problem.code == "RATE_LIMITED":
        return {"retry-after": problem.params["seconds"]}
    return {"retry-after": "1"} if problem.code in ("BUSY", "ISSUER_UNAVAILABLE") else {}
