"""Lists that are asked for again and again: what was modified since. Source: ON-API 2.6; RFC 9110, 13.1.3."""

from collections.abc import Sequence
from email.utils import formatdate, parsedate_to_datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from providers.simulator import clock
from providers.simulator.web.answers import answer

Stamped = Sequence[tuple[float, Any]]


def modified(request: Request, rows: Stamped, empty: Response | None = None) -> Response:
    """The rows up to the previous second, those after `If-Modified-Since` where it is given; 304 for no change.

    What is changed in the present second is left for the next time, so that nothing is missed between two questions.
    `empty` answers a question for all where there is nothing.
    """
    now = int(clock.now())
    since = _since(request)
    found = [row for at, row in rows if since is None or since < int(at)]
    headers = {"Last-Modified": formatdate(now - 1, usegmt=True)}
    if not found and since is not None:
        return Response(status_code=304, headers=headers)
    if not found and empty is not None:
        return empty
    return answer(found, 200, headers)


def settled(rows: Stamped) -> Stamped:
    """Those of the seconds before: an event comes once to who asks with the moment of the last answer."""
    now = int(clock.now())
    return [(at, row) for at, row in rows if int(at) < now]


def _since(request: Request) -> int | None:
    given = request.headers.get("if-modified-since")
    try:
        return None if given is None else int(parsedate_to_datetime(given).timestamp())
    except ValueError:
        return None
