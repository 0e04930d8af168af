"""What a field weighs and how many rows it may give, said in the schema by the directives of GraphQL's cost analysis.

Source: IBM, GraphQL Cost Directives (draft of 2021), for `@cost` and `@listSize`; `@batched` is the gateway's own.
"""

from collections.abc import Mapping
from enum import IntEnum
from typing import Any, get_args

import strawberry
from strawberry import UNSET
from strawberry.schema_directive import Location

from gateway.domain import paging


class Weight(IntEnum):
    """What is more than reading an attribute, as a multiple of an object in the answer, which weighs 1."""

    STORE = 100
    CHANGE = 200
    STREAM = 300
    NODE = 500
    PROVIDER = 1000
    PROVIDERS = 3000
    ORDER = 10_000


WEIGHTS: Mapping[Weight, str] = {
    Weight.STORE: "A read of the gateway's own database, or a walk through its snapshots.",
    Weight.CHANGE: "A change in the gateway's own database.",
    Weight.STREAM: "The start of a subscription; its events come on top, counted as one.",
    Weight.NODE: "An id of whatever kind: a provider is asked for a product or a bill, and for nothing else.",
    Weight.PROVIDER: "A call to one provider. The fields of a bundle's review share its calls: each counts as one.",
    Weight.PROVIDERS: "A call to each provider that is concerned, all at the same time.",
    Weight.ORDER: "Work on an order: its providers are asked again and again until it is done.",
}


@strawberry.schema_directive(
    locations=[
        Location.ARGUMENT_DEFINITION,
        Location.ENUM,
        Location.FIELD_DEFINITION,
        Location.INPUT_FIELD_DEFINITION,
        Location.OBJECT,
        Location.SCALAR,
    ],
    name="cost",
    description="What a field weighs, each time it is resolved; on an argument, what each value in its list weighs.",
)
class CostDirective:
    """Where it is absent, an object weighs 1 and a value 0."""

    weight: str


@strawberry.schema_directive(
    locations=[Location.FIELD_DEFINITION],
    name="listSize",
    description="How many rows are counted: the number in a slicing argument, else the assumed size. `sizedFields` are "
    "those of the object below that have the rows.",
)
class ListSizeDirective:
    """A list that the client can't slice is counted by what is usual in it, not by its maximum."""

    assumed_size: int | None = UNSET
    slicing_arguments: list[str] | None = UNSET
    sized_fields: list[str] | None = UNSET
    require_one_slicing_argument: bool | None = True


@strawberry.schema_directive(
    locations=[Location.FIELD_DEFINITION],
    name="batched",
    description="Says that a field's rows are asked for together: its weight counts once, in however long a list.",
)
class BatchedDirective:
    """Applied beside `@cost`."""


def assumed(size: int) -> ListSizeDirective:
    """Of a list that has about that many rows."""
    return ListSizeDirective(assumed_size=size, require_one_slicing_argument=UNSET)


def sliced_by(argument: str, default: int, *sized_fields: str) -> ListSizeDirective:
    """Of a list with as many rows as an argument says, or has values; its path leads into inputs, by dots."""
    return ListSizeDirective(
        assumed_size=default,
        slicing_arguments=[argument],
        sized_fields=list(sized_fields) or UNSET,
        require_one_slicing_argument=False,
    )


def directives_of(
    weight: Weight | None = None,
    size: int | ListSizeDirective | None = None,
    batched: bool = False,
    returns: Any = None,
) -> list[object]:
    """A field's directives; those of a page's size come by themselves where the field returns a connection."""
    found: list[object] = [] if weight is None else [CostDirective(weight=str(int(weight)))]
    found.extend([BatchedDirective()] if batched else [])
    if any(getattr(each, "is_page", False) for each in (returns, *get_args(returns))):
        size = sliced_by("first", paging.DEFAULT_FIRST, "edges")
    if size is not None:
        found.append(assumed(size) if isinstance(size, int) else size)
    return found
