"""Forward-only connections in the shape of Relay's specification."""

from typing import Annotated, Any

import strawberry

from gateway.api.schema.declaring import argument, doc, object_type
from gateway.domain import paging
from gateway.domain.catalog import providers

First = Annotated[
    int | None, argument(f"How many rows: {paging.DEFAULT_FIRST} where left out, at most {paging.MAXIMUM_FIRST}.")
]
After = Annotated[str | None, argument("The cursor after which the page starts; from the beginning where left out.")]


@object_type(paging.PageInfo)
class PageInfo:
    """Where a page ends."""

    has_next_page: bool = doc("Whether there are rows after this page.")
    end_cursor: str | None = doc("The cursor of the page's last row; null on an empty page.")
    has_previous_page: bool = doc("False: pages are read forward only, and nobody looks for what is before one.")
    start_cursor: str | None = doc("The cursor of the page's first row; null on an empty page.")


def connection(node_type: Any, name: str, *, over_providers: bool = False) -> Any:
    """The connection type of that node: `edges`, `pageInfo`, and over providers `unavailableProviders`."""
    edge = _typed(
        f"{name}Edge",
        f"A row of a {name}Connection.",
        cursor=(str, "The cursor after which the next page starts."),
        node=(node_type, "The row."),
    )
    # The rows are sized by the field that returns the page.
    fields: dict[str, tuple[Any, ...]] = {
        "edges": (list[edge], f"The rows of this page, at most {paging.MAXIMUM_FIRST}."),  # type: ignore[valid-type]
        "page_info": (paging.PageInfo, "Where the page ends."),
    }
    if over_providers:
        fields["unavailable_providers"] = (
            list[providers.UnavailableProvider],
            "The providers whose rows are missing or stale: cumulative from the first page, at most one entry a "
            "provider. One that lacks the capability is not among them.",
            5,
        )
    page = _typed(f"{name}Connection", f"A page of {name} rows.", **fields)
    page.is_page = True
    return page


def _typed(name: str, description: str, **fields: tuple[Any, ...]) -> Any:
    namespace: dict[str, Any] = {"__annotations__": {key: hint for key, (hint, *_) in fields.items()}}
    namespace.update({key: doc(*said) for key, (_, *said) in fields.items()})
    namespace["__module__"] = __name__
    return strawberry.type(type(name, (), namespace), name=name, description=description)
