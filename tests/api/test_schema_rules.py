"""The rules of the schema, walked through type by type; and the printed schema is the reviewed one."""

import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNonNull,
    GraphQLObjectType,
    get_named_type,
    parse,
    validate,
)

from gateway.api.printed import printed
from gateway.api.schema.access import CALLERS, AccessDirective
from gateway.api.schema.built import schema
from gateway.api.schema.weights import BatchedDirective, CostDirective, ListSizeDirective
from gateway.domain.ordering.bundles import BundleIssueCode
from gateway.domain.ordering.events import EVENT_KINDS

ROOT = Path(__file__).parents[2]
SCHEMA = schema._schema
TYPES = {name: kind for name, kind in SCHEMA.type_map.items() if not name.startswith("__")}
DOCUMENTS = sorted((ROOT / "tests/contract").glob("*.graphql"))


def test_schema_graphql_is_the_printed_schema() -> None:
    assert (ROOT / "schema.graphql").read_text() == printed(), "print it anew: gateway schema > schema.graphql"


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.stem))
def test_each_document_of_the_contract_is_valid(path: Path) -> None:
    assert validate(SCHEMA, parse(path.read_text())) == []


def _described() -> Iterator[tuple[str, Any]]:
    for name, kind in TYPES.items():
        yield name, kind
        if isinstance(kind, GraphQLEnumType):
            yield from ((f"{name}.{value}", each) for value, each in kind.values.items())
        if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType | GraphQLInputObjectType):
            yield from ((f"{name}.{field}", each) for field, each in kind.fields.items())
        if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
            for field, each in kind.fields.items():
                yield from ((f"{name}.{field}({key})", argument) for key, argument in each.args.items())
    yield from ((f"@{each.name}", each) for each in SCHEMA.directives)


def test_everything_has_a_description() -> None:
    assert [name for name, each in _described() if not (each.description or "").strip()] == []


def _root_fields() -> list[tuple[str, Any]]:
    roots = (SCHEMA.query_type, SCHEMA.mutation_type, SCHEMA.subscription_type)
    return [(name, field) for root in roots if root for name, field in root.fields.items()]


@pytest.mark.requirement("S2")
@pytest.mark.parametrize(("name", "field"), _root_fields(), ids=[name for name, _ in _root_fields()])
def test_each_root_field_says_who_may_call_it(name: str, field: Any) -> None:
    applied = [
        each for each in field.extensions["strawberry-definition"].directives if isinstance(each, AccessDirective)
    ]

    assert len(applied) == 1
    assert field.description.endswith(CALLERS[applied[0].caller])
    assert getattr(field.extensions["strawberry-definition"].base_resolver.wrapped_func, "is_guarded", False)


def test_connections_are_forward_only_pages() -> None:
    connections = {name: kind for name, kind in TYPES.items() if name.endswith("Connection")}
    fields = {str(field.type).strip("!"): field for kind in TYPES.values() for field in _fields(kind).values()}

    assert len(connections) >= 8
    for name, kind in connections.items():
        assert set(_fields(kind)) - {"unavailableProviders"} == {"edges", "pageInfo"}
        assert {key: str(each.type) for key, each in fields[name].args.items()}.items() >= {
            "first": "Int",
            "after": "String",
        }.items()
        edge = TYPES[name.replace("Connection", "Edge")]
        assert set(_fields(edge)) == {"cursor", "node"}


def _fields(kind: Any) -> dict[str, Any]:
    is_composite = isinstance(kind, GraphQLObjectType | GraphQLInterfaceType)
    return dict(kind.fields) if is_composite else {}


def test_each_mutation_takes_one_input_and_tells_errors_of_its_own() -> None:
    assert SCHEMA.mutation_type
    for name, field in SCHEMA.mutation_type.fields.items():
        title = name[0].upper() + name[1:]
        assert {key: str(each.type) for key, each in field.args.items()} == {"input": f"{title}Input!"}
        payload = TYPES[f"{title}Payload"]
        assert str(field.type) == f"{title}Payload!"
        assert str(_fields(payload)["userErrors"].type) == f"[{title}UserError!]!"
        others = {key: each.type for key, each in _fields(payload).items() if key != "userErrors"}
        assert others
        assert not any(isinstance(each, GraphQLNonNull) for each in others.values())
        error: Any = TYPES[f"{title}UserError"]
        assert [each.name for each in error.interfaces] == ["UserError"]
        assert str(error.fields["code"].type) == f"{title}UserErrorCode!"


def test_every_list_says_its_maximum() -> None:
    unbounded = [
        f"{name}.{key}"
        for name, kind in TYPES.items()
        for key, field in _fields(kind).items()
        if "[" in str(field.type) and not re.search(r"at most|One for each|in that order", field.description)
    ]

    assert unbounded == []


def _applied(element: Any, kind: type) -> list[Any]:
    return [each for each in element.extensions["strawberry-definition"].directives if isinstance(each, kind)]


def _all_fields() -> list[tuple[str, Any]]:
    return [(f"{name}.{key}", field) for name, kind in TYPES.items() for key, field in _fields(kind).items()]


def test_every_list_has_a_size_of_its_own_or_of_the_field_that_leads_to_it() -> None:
    sized: dict[str, set[str]] = {}
    for _, field in _all_fields():
        sizes = [name for each in _applied(field, ListSizeDirective) for name in each.sized_fields or ()]
        holder = get_named_type(field.type).name
        sized[holder] = sized.get(holder, set(sizes)) & set(sizes)
    lists = [(name, field) for name, field in _all_fields() if "[" in str(field.type)]

    unsized = [
        name
        for name, field in lists
        if not _applied(field, ListSizeDirective) and name.split(".")[1] not in sized.get(name.split(".")[0], ())
    ]

    assert len(lists) > 50
    assert unsized == []
    # A list of lists would have two sizes.
    assert [name for name, field in lists if str(field.type).count("[") > 1] == []


def test_a_size_is_no_more_than_the_maximum_and_is_sliced_by_an_argument_that_is_there() -> None:
    for name, field in _all_fields():
        for each in _applied(field, ListSizeDirective):
            maximum = re.search(r"at most (?P<most>[0-9,]+)", field.description or "")
            assert not maximum or 1 <= each.assumed_size <= int(maximum["most"].replace(",", "")), name
            assert {path.split(".")[0] for path in each.slicing_arguments or ()} <= field.args.keys(), name


def test_whatever_waits_for_the_store_or_a_provider_has_a_weight() -> None:
    waiting = {
        name: field for name, field in _all_fields() if inspect.iscoroutinefunction(inspect.unwrap(_resolver(field)))
    }
    weightless = [
        name
        for name, field in waiting.items()
        if not any(_applied(each, CostDirective) for each in (field, *field.args.values()))
    ]

    assert len(waiting) > 30
    assert weightless == []
    assert [
        name
        for name, field in _all_fields()
        if _applied(field, BatchedDirective) and not _applied(field, CostDirective)
    ] == []


def _resolver(field: Any) -> Any:
    resolver = field.extensions["strawberry-definition"].base_resolver
    return resolver.wrapped_func if resolver else None


def test_every_kind_of_event_and_issue_is_a_type_or_value() -> None:
    assert EVENT_KINDS.keys() <= TYPES.keys()
    assert set(TYPES["BundleIssueCode"].values) == set(BundleIssueCode.__members__)  # type: ignore[attr-defined]


def test_an_enum_that_mirrors_a_providers_list_has_unknown() -> None:
    for name in ("ProductStatus", "BillState"):
        kind = TYPES[name]
        assert isinstance(kind, GraphQLEnumType)
        assert "UNKNOWN" in kind.values
        assert "expect new values" in (kind.description or "")
