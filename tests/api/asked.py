"""Operations drawn by chance from the printed schema, and their cost added up from what `schema.graphql` says alone."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any, TypeAlias

from graphql import (
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLObjectType,
    build_schema,
    get_named_type,
    is_leaf_type,
    is_required_argument,
)
from graphql.utilities import value_from_ast_untyped
from hypothesis import strategies as st

PRINTED = build_schema((Path(__file__).parents[2] / "schema.graphql").read_text("utf-8"))
GIVEN = {"ID!": '"x"', "[ID!]!": '["x", "y", "z"]', "ProviderRole!": "SERVICE_PROVIDER"}
"""What a required argument is given, by its type; a field that needs anything else is not asked for."""
ROWS = 23
"""The value of the variable `$rows`."""


@dataclass
class Asked:
    """A field; `rows` are given as a number or by the variable."""

    name: str
    definition: GraphQLField
    rows: int | str | None
    below: list["Asked | Kind"] = field(default_factory=list)


@dataclass
class Kind:
    """An inline fragment."""

    name: str
    below: list["Asked | Kind"]


Selection: TypeAlias = list[Asked | Kind]


def fields_of(kind: Any) -> Mapping[str, GraphQLField]:
    """Those that can be asked without an input."""
    return {
        name: each
        for name, each in getattr(kind, "fields", {}).items()
        if all(str(given.type) in GIVEN for given in each.args.values() if is_required_argument(given))
    }


@st.composite
def asked(draw: st.DrawFn, kind: Any, depth: int = 5) -> Asked:
    """A field of that kind, with what is asked below it."""
    fields = fields_of(kind)
    name = draw(st.sampled_from([each for each in fields if depth or is_leaf_type(get_named_type(fields[each].type))]))
    definition = fields[name]
    rows = draw(st.none() | st.integers(1, 100) | st.just("$rows")) if "first" in definition.args else None
    named = get_named_type(definition.type)
    below = [] if is_leaf_type(named) else draw(selections(named, depth - 1))
    return Asked(name, definition, rows, below)


@st.composite
def selections(draw: st.DrawFn, kind: Any, depth: int = 5) -> Selection:
    """Some fields of that kind; of an abstract one also those of some of its kinds."""
    found: Selection = []
    leafs = any(is_leaf_type(get_named_type(each.type)) for each in fields_of(kind).values())
    if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType) and (depth or leafs):
        found.extend(draw(st.lists(asked(kind, depth), min_size=1, max_size=3)))
    if not isinstance(kind, GraphQLObjectType) and depth:
        for each in draw(st.lists(st.sampled_from(PRINTED.get_possible_types(kind)), max_size=2)):
            found.append(Kind(each.name, draw(selections(each, depth - 1))))
    return found


def everywhere(kind: Any, selection: Selection) -> Iterator[tuple[Any, Selection]]:
    """Each place where fields are asked, with its kind."""
    yield kind, selection
    for each in selection:
        if isinstance(each, Kind):
            yield from everywhere(PRINTED.get_type(each.name), each.below)
        elif not is_leaf_type(get_named_type(each.definition.type)):
            yield from everywhere(get_named_type(each.definition.type), each.below)


def written(selection: Selection) -> str:
    """The document; each field has an alias of its own."""
    body = _written(selection, count())
    return f"query($rows: Int) {body}" if "$rows" in body else body


def _written(selection: Selection, names: Iterator[int]) -> str:
    parts = ["__typename"]
    for each in selection:
        if isinstance(each, Kind):
            parts.append(f"... on {each.name} {_written(each.below, names)}")
        else:
            below = "" if is_leaf_type(get_named_type(each.definition.type)) else _written(each.below, names)
            parts.append(f"a{next(names)}: {each.name}{_arguments(each)} {below}")
    return "{ " + " ".join(parts) + " }"


def _arguments(each: Asked) -> str:
    given = {key: GIVEN[str(kind.type)] for key, kind in each.definition.args.items() if is_required_argument(kind)}
    given |= {} if each.rows is None else {"first": str(each.rows)}
    return f"({', '.join(f'{key}: {value}' for key, value in given.items())})" if given else ""


def added_up(selection: Selection) -> int:
    """The cost of a query, by hand."""
    return sum(_of_object(PRINTED.query_type, selection, {}))


def _of_object(kind: Any, selection: Selection, sizes: Mapping[str, int]) -> tuple[int, int]:
    once = each_time = 0
    for each in selection:
        if isinstance(each, Asked):
            found = _of_field(each, sizes)
        elif kind.name == each.name:
            found = _of_object(kind, each.below, sizes)
        else:
            continue
        once, each_time = once + found[0], each_time + found[1]
    return once, each_time


def _of_field(each: Asked, sizes: Mapping[str, int]) -> tuple[int, int]:
    said = _directives(each.definition)
    size = _size(each, said.get("listSize"))
    sized = said.get("listSize", {}).get("sizedFields", [])
    named = get_named_type(each.definition.type)
    kinds = [named] if isinstance(named, GraphQLObjectType) else []
    kinds = kinds if kinds or is_leaf_type(named) else list(PRINTED.get_possible_types(named))  # type: ignore[arg-type]
    below = [_of_object(kind, each.below, dict.fromkeys(sized, size)) for kind in kinds]
    once, inside = max((one for one, _ in below), default=0), max((each_ for _, each_ in below), default=0)
    rows = sizes.get(each.name, 1 if sized else size)
    weight = int(said.get("cost", {"weight": 0})["weight"])
    # Of the fields that are asked, only an id in a list has a weight of its own; three are given.
    values = sum(
        3 * int(_directives(key).get("cost", {"weight": 0})["weight"]) for key in each.definition.args.values()
    )
    own = rows * (bool(kinds) + inside) + values
    return (once + weight, own) if "batched" in said else (once, own + weight)


def _size(each: Asked, said: Mapping[str, Any] | None) -> int:
    if said is None:
        return 1
    if said.get("slicingArguments") == ["ids"]:
        return 3
    if each.rows == "$rows":
        return ROWS
    return int(each.rows or said["assumedSize"])


def _directives(element: Any) -> Mapping[str, Mapping[str, Any]]:
    return {
        each.name.value: {given.name.value: value_from_ast_untyped(given.value) for given in each.arguments or ()}
        for each in element.ast_node.directives or ()
    }
