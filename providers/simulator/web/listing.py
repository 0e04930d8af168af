"""Lists the TM Forum way: filtered by attributes, paged, and cut down to the fields asked for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from providers.simulator.storage.attributes import matches
from providers.simulator.web.answers import answer
from providers.simulator.web.errors import TmfError

KEPT = ("id", "href", "@type", "productOrderItem", "productOrder")
"""Fields in every answer, asked for or not: the identity, and what the files require of a resource."""


@dataclass(frozen=True)
class Query:
    """What a list is asked for. Source: TMF630 v4, filtering and paging."""

    fields: str | None
    offset: int
    limit: int
    filters: Mapping[str, str]


def query_of(request: Request, page_maximum: int) -> Query:
    """Reads the query string. Raises: TmfError 400 for a number that makes no sense."""
    parameters = dict(request.query_params)
    fields = parameters.pop("fields", None)
    offset = _number(parameters.pop("offset", "0"), "offset", 0)
    limit = _number(parameters.pop("limit", str(page_maximum)), "limit", 1)
    return Query(fields, offset, min(limit, page_maximum), parameters)


def _number(text: str, name: str, least: int) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 9 and int(text) >= least):
        raise TmfError(400, "INVALID_QUERY", f"{name} must be a whole number, at least {least}")
    return int(text)


def filtered(rows: Sequence[dict[str, Any]], query: Query) -> list[dict[str, Any]]:
    """The rows that have every attribute asked for."""
    return [row for row in rows if all(matches(row, name, wanted) for name, wanted in query.filters.items())]


def page(rows: Sequence[dict[str, Any]], query: Query, headers: Mapping[str, str] | None = None) -> Response:
    """One page of the rows, with the counts; a limit above the page maximum answers the maximum."""
    shown = [cut(row, query.fields) for row in rows[query.offset : query.offset + query.limit]]
    counts = {"X-Total-Count": str(len(rows)), "X-Result-Count": str(len(shown))}
    return answer(shown, 200, {**counts, **(headers or {})})


def cut(row: dict[str, Any], fields: str | None) -> dict[str, Any]:
    """The row with only the top-level fields asked for."""
    if not fields:
        return row
    wanted = {*KEPT, *(name.strip() for name in fields.split(","))}
    return {name: value for name, value in row.items() if name in wanted}
