"""What an operation may be at most, and the refusal of one that is more: it names the limit."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from graphql import GraphQLError

from gateway.api.problems import Code, coded

LONG_LIST = "A list of {found} values; at most {maximum} may be given."
TOO_DEEP = "Nested more than {maximum} fields deep."


@dataclass(frozen=True, slots=True)
class DocumentBounds:
    """What a document may be at most, and how many are kept: `kept`, of `kept_room` characters together.

    `directives` counts those of the whole document, `root_fields` those of one operation. `fields` counts a fragment's
    wherever it is spread: a few that spread each other stand for millions. `pairs` of fields of one name, or of
    fragments, at one place: the validation compares each with each. `list_size` bounds each list in the arguments and
    in the variables. Without `introspection` a document may ask for nothing of the schema but `__typename`.
    """

    tokens: int = 4000
    depth: int = 16
    aliases: int = 100
    directives: int = 50
    root_fields: int = 20
    fields: int = 2000
    pairs: int = 5000
    list_size: int = 500
    introspection: bool = True
    kept: int = 512
    kept_room: int = 300_000


def too_complex(message: str, name: str, maximum: int, actual: int | None = None) -> GraphQLError:
    """The refusal; its `extensions.limit` has the limit's name and maximum, and how much was asked where that is known.

    A bound whose measuring stops just beyond it does not know.
    """
    limit = {"name": name, "maximum": maximum} | ({} if actual is None else {"actual": actual})
    return coded(GraphQLError(message, extensions={"limit": limit}), Code.QUERY_TOO_COMPLEX)


def too_dear(cost: int, maximum: int) -> GraphQLError | None:
    """The refusal of an operation that costs more than that; None for one that may be run."""
    if cost <= maximum:
        return None
    return too_complex(f"The operation costs {cost}; at most {maximum} may be asked at once.", "cost", maximum, cost)


def check_variables(variables: Mapping[str, Any] | None, bounds: DocumentBounds) -> GraphQLError | None:
    """The refusal of variables with a longer list than may be, however deep it lies; None where there is none."""
    longest, maximum = longest_list(variables) if variables else 0, bounds.list_size
    if longest <= maximum:
        return None
    return too_complex(LONG_LIST.format(found=longest, maximum=maximum), "listSize", maximum, longest)


def longest_list(value: Any) -> int:
    """The length of the longest list in a JSON value."""
    longest, left = 0, [value]
    while left:
        each = left.pop()
        if isinstance(each, list):
            longest = max(longest, len(each))
            left.extend(each)
        elif isinstance(each, Mapping):
            left.extend(each.values())
    return longest
