"""Answers as JSON, with the content type of the TM Forum files."""

from collections.abc import Mapping
from typing import Any

import orjson
from starlette.responses import Response

CONTENT_TYPE = "application/json;charset=utf-8"


def answer(body: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A JSON answer."""
    return Response(orjson.dumps(body), status, headers, media_type=CONTENT_TYPE)


def no_content() -> Response:
    """An answer that says it is done."""
    return Response(status_code=204)
