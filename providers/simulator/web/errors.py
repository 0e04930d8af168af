"""TM Forum's error body, and the exception that becomes one."""

from http import HTTPStatus

from starlette.responses import Response

from providers.simulator.web.answers import answer


class TmfError(Exception):
    """A request that is refused: an HTTP status, a code for machines, a reason for people.

    Source: TMF630 v4, `Error`.
    """

    def __init__(self, status: int, code: str, reason: str) -> None:
        super().__init__(reason)
        self.status, self.code, self.reason = status, code, reason


def error_answer(error: TmfError) -> Response:
    """The error as it goes over the wire."""
    body = {
        "code": error.code,
        "reason": error.reason,
        "message": HTTPStatus(error.status).phrase,
        "status": str(error.status),
        "@type": "Error",
    }
    return answer(body, error.status)


def not_found(resource: str) -> TmfError:
    """No such resource."""
    return TmfError(404, "NOT_FOUND", f"there is no such {resource}")
