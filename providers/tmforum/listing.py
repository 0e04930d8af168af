"""Reads lists to their end, whatever the provider says of their length. Source: TMF630, paging by offset and limit."""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256

from gateway.contract import ContractBroken
from gateway.kit import Answer, Area
from providers.tmforum.reading import Row, as_text

# Of a whole list, in answers of the greatest size.
LIST_SIZE = 4
PARTIAL_CONTENT = 206


@dataclass(frozen=True, slots=True)
class Listing:
    """All rows of a list, each id once; not `is_complete` where the provider counts more rows than it gave."""

    rows: tuple[Row, ...]
    is_complete: bool
    digests: tuple[str, ...] = ()


async def read_all(
    area: Area, path: str, page_size: int, params: Mapping[str, str] | None = None, shelf: "PageShelf | None" = None
) -> Listing:
    """Every row of the list.

    A page that brings nothing new ends it. A short page ends it too, unless the count or the status says that more is
    to come; a full page never does: so neither a missing nor a wrong count loses rows.
    Raises: Unavailable, ContractBroken.
    """
    found: dict[str, Row] = {}
    offset, total, size, digests = 0, 0, 0, []
    limits = area.client.limits.of(area.capability)
    for _ in range(limits.pages):
        query = {**(params or {}), "offset": str(offset), "limit": str(page_size)}
        rows, answer = await _page(area, path, query, shelf)
        digests.append(_digest(answer))
        size += len(answer.body)
        if size > LIST_SIZE * limits.answer_bytes or len(found) + len(rows) > limits.rows:
            break
        known = len(found)
        found.update((_identity(row), row) for row in rows)
        offset += len(rows)
        total = max(total, answer.total or 0)
        is_short = len(rows) < page_size and answer.status != PARTIAL_CONTENT
        if len(found) == known or (is_short and offset >= total):
            return Listing(tuple(found.values()), len(found) >= total, tuple(digests))
    raise ContractBroken(area.client.provider, area.capability, f"{path} has no end, or a late one")


def _identity(row: Row) -> str:
    found = row.get("id")
    return str(found) if found not in (None, "") else "row " + as_text(row)


class PageShelf:
    """Remembers pages with their ETags, so that an unchanged page is not sent again; for lists read whole, often."""

    def __init__(self) -> None:
        self.pages: dict[str, tuple[tuple[Row, ...], Answer]] = {}


async def _page(
    area: Area, path: str, query: Mapping[str, str], shelf: PageShelf | None
) -> tuple[tuple[Row, ...], Answer]:
    key = f"{path}?{sorted(query.items())}"
    kept = shelf.pages.get(key) if shelf else None
    etag = kept[1].etag if kept else None
    rows, answer = await area.get(path, _rows_and_answer, query, etag)
    if kept and answer.is_unchanged:
        return kept
    if shelf is not None and answer.etag:
        shelf.pages[key] = rows, answer
    return rows, answer


def _rows_and_answer(answer: Answer) -> tuple[tuple[Row, ...], Answer]:
    return (() if answer.status in {204, 304} else tuple(answer.rows())), answer


def _digest(answer: Answer) -> str:
    return answer.etag or sha256(answer.body).hexdigest()
