"""Top-level errors: each with a code of the contract's list; a fault shows a trace id and nothing of the inside."""

import re
import uuid
from collections.abc import Iterable
from enum import StrEnum
from typing import Any

import structlog
from graphql import GraphQLError

from gateway.api.telemetry.log_lines import frames
from gateway.api.telemetry.traces import current
from gateway.api.texts import tell
from gateway.domain.errors import AccessError, Problem, ProviderError, RequestError, StorageUnavailable

log = structlog.get_logger("gateway.api")


class Code(StrEnum):
    """Every `extensions.code` there is."""

    UNAUTHENTICATED = "UNAUTHENTICATED"
    FORBIDDEN = "FORBIDDEN"
    NOT_FOUND = "NOT_FOUND"
    BAD_USER_INPUT = "BAD_USER_INPUT"
    GRAPHQL_PARSE_FAILED = "GRAPHQL_PARSE_FAILED"
    GRAPHQL_VALIDATION_FAILED = "GRAPHQL_VALIDATION_FAILED"
    PERSISTED_QUERY_NOT_FOUND = "PERSISTED_QUERY_NOT_FOUND"
    QUERY_TOO_COMPLEX = "QUERY_TOO_COMPLEX"
    RATE_LIMITED = "RATE_LIMITED"
    TIMEOUT = "TIMEOUT"
    PROVIDER_UNAVAILABLE = "PROVIDER_UNAVAILABLE"
    INTERNAL = "INTERNAL"


_MESSAGE_LIMIT = 500
# What graphql-core repeats of an input: it may be a secret, and whoever sent it knows it.
_VALUE = re.compile(r"(cannot represent [^:]{0,60}value|(?=, found: )|(?= Found: )).*", re.DOTALL)
_NAMED = {"UNAUTHENTICATED", "FORBIDDEN", "NOT_FOUND"}


def coded(error: GraphQLError, code: Code) -> GraphQLError:
    """The error, with its code."""
    error.extensions = {**(error.extensions or {}), "code": code.value}
    return error


def plain(code: Code, message: str) -> dict[str, Any]:
    """An error that is about no place in a document."""
    return {"message": message[:_MESSAGE_LIMIT], "extensions": {"code": code.value}}


def shown(errors: Iterable[GraphQLError], locale: str) -> list[dict[str, Any]]:
    """The errors as they are sent."""
    return [_shown(error, locale) for error in errors]


def masked(error: BaseException, locale: str) -> list[dict[str, Any]]:
    """What is shown of a fault that no operation's answer holds; it is logged."""
    return shown([GraphQLError("fault", original_error=error if isinstance(error, Exception) else None)], locale)


def _shown(error: GraphQLError, locale: str) -> dict[str, Any]:
    original = _original(error)
    extensions: dict[str, Any]
    if original is None:
        extensions = _own(error)
        message = _VALUE.sub(r"\1", error.message)
    elif isinstance(original, RequestError):
        message, extensions = _request(original, locale)
    elif isinstance(original, StorageUnavailable):
        message, extensions = _unavailable(original, locale)
    elif isinstance(original, ProviderError):
        log.warning("provider failed a request", provider=original.provider, code=original.code)
        message = tell(locale, "problem", "PROVIDER_UNAVAILABLE", {})
        extensions = {"code": Code.PROVIDER_UNAVAILABLE.value}
    else:
        message, extensions = tell(locale, "problem", Code.INTERNAL, {}), fault(original, error.path)
    formatted = error.formatted
    answer: dict[str, Any] = {"message": message[:_MESSAGE_LIMIT]}
    answer.update({key: formatted[key] for key in ("locations", "path") if key in formatted})
    return {**answer, "extensions": extensions}


def _unavailable(error: StorageUnavailable, locale: str) -> tuple[str, dict[str, Any]]:
    log.warning("the storage is unavailable", why=str(error))
    extensions = {"code": Code.INTERNAL.value, "retryAfter": error.retry_after_s}
    return tell(locale, "problem", "STORAGE_UNAVAILABLE", {"seconds": str(error.retry_after_s)}), extensions


def unavailable(error: StorageUnavailable, locale: str) -> dict[str, Any]:
    """The error of a whole request that met a storage that is away."""
    message, extensions = _unavailable(error, locale)
    return {"message": message, "extensions": extensions}


def is_unavailable(errors: Iterable[GraphQLError]) -> StorageUnavailable | None:
    """The first of them that tells of a storage that is away."""
    found = (_original(each) for each in errors)
    return next((each for each in found if isinstance(each, StorageUnavailable)), None)


def _own(error: GraphQLError) -> dict[str, Any]:
    """What an error of ours says of itself: its code, and the limit that was met."""
    given = error.extensions or {}
    limit = {"limit": given["limit"]} if "limit" in given else {}
    return {"code": given.get("code", Code.BAD_USER_INPUT.value), **limit}


def _original(error: GraphQLError) -> BaseException | None:
    original: BaseException | None = error.original_error
    while isinstance(original, GraphQLError):
        original = original.original_error
    return original


def _request(error: RequestError, locale: str) -> tuple[str, dict[str, Any]]:
    problem = error.problems[0] if error.problems else Problem(Code.BAD_USER_INPUT.value)
    code = problem.code if problem.code in _NAMED else Code.BAD_USER_INPUT.value
    if isinstance(error, AccessError) and problem.code not in _NAMED:
        code = Code.FORBIDDEN.value
    extensions: dict[str, Any] = {"code": code}
    if problem.code != code:
        extensions["problem"] = problem.code
    if problem.field:
        extensions["field"] = list(problem.field)
    return tell(locale, "problem", problem.code, problem.params), extensions


def fault(original: BaseException, path: Any) -> dict[str, Any]:
    """Logs and counts a fault; its `extensions` hold the request's trace id, and nothing of the inside."""
    trace = current.get()
    trace_id = trace.hex if trace else uuid.uuid4().hex
    if trace:
        trace.metrics.fault()
    # The exception's own text may hold what a person typed: only where it happened is logged.
    kind, places = type(original).__name__, frames(original.__traceback__)
    log.error("fault", trace_id=trace_id, kind=kind, path=path, frames=places)
    return {"code": Code.INTERNAL.value, "traceId": trace_id}
