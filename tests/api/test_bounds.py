"""What an operation may be at most: one at a bound is read, one beyond it is refused by the limit's name."""

import time
from pathlib import Path
from typing import Any

import pytest
from graphql import get_introspection_query

from gateway.api.operations.bounds import DocumentBounds, check_variables, too_dear
from gateway.api.operations.documents import Documents
from gateway.api.problems import shown
from gateway.api.schema.built import schema
from gateway.app import api_settings
from gateway.settings import Settings
from tests.api.running import running

BOUNDS = DocumentBounds(tokens=80, depth=4, aliases=3, directives=2, root_fields=3, fields=12, pairs=6, list_size=5)


def errors_of(text: str, bounds: DocumentBounds = BOUNDS) -> list[dict[str, Any]]:
    """The errors as a client sees them."""
    return shown(Documents(schema._schema, bounds).read(text).errors, "en")


def limits_of(text: str, bounds: DocumentBounds = BOUNDS) -> list[Any]:
    return [(each["extensions"]["code"], each["extensions"].get("limit")) for each in errors_of(text, bounds)]


def many(count: int, text: str) -> str:
    return " ".join(text.replace("#", str(number)) for number in range(count))


CASES = {
    "tokens": (
        80,
        None,
        f"query({many(18, '$v#: ID')}) {{ id id id }}",
        f"query({many(18, '$v#: ID')}) {{ id id id id }}",
    ),
    "depth": (4, None, "{ viewer { memberships { customer { id } } } }", "{ a { a { a { a { a } } } } }"),
    "aliases": (3, 4, f"{{ {many(3, 'a#: __typename')} }}", f"{{ {many(4, 'a#: __typename')} }}"),
    "directives": (
        2,
        3,
        f"{{ __typename {many(2, '@include(if: true)')} }}",
        f"query ($a: ID @x) @x {{ ...A @x }} {'fragment A on Query { id }'}",
    ),
    "listSize": (
        5,
        6,
        '{ nodes(ids: ["1", "2", "3", "4", "5"]) { id } }',
        'query($ids: [ID!] = ["1", "2", "3", "4", "5", "6"]) { __typename }',
    ),
    "rootFields": (
        3,
        4,
        "{ a: __typename ...F } fragment F on Query { a: __typename viewer { id } b: viewer { id } }",
        "{ a: __typename b: __typename ...F } fragment F on Query { viewer { id } c: __typename }",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_document_beyond_a_bound_is_refused_by_the_limits_name(name: str) -> None:
    maximum, actual, at_the_bound, beyond = CASES[name]
    known = {} if actual is None else {"actual": actual}

    assert "QUERY_TOO_COMPLEX" not in [code for code, _ in limits_of(at_the_bound)]
    assert limits_of(beyond) == [("QUERY_TOO_COMPLEX", {"name": name, "maximum": maximum, **known})]
    assert str(maximum) in errors_of(beyond)[0]["message"]


def test_fields_count_wherever_their_fragment_is_spread() -> None:
    bounds = DocumentBounds(fields=10)
    document = "{{ a: viewer {{ ...F }} b: viewer {{ ...F }} }} fragment F on Actor {{ {} }}"

    assert limits_of(document.format("id username __typename a: id"), bounds) == []
    assert limits_of(document.format("id username __typename a: id b: id"), bounds) == [
        ("QUERY_TOO_COMPLEX", {"name": "fields", "maximum": 10})
    ]


def test_pairs_of_fields_of_one_name_have_a_bound() -> None:
    bounds = DocumentBounds(pairs=6)

    assert limits_of("{ viewer { id id id id } }", bounds) == []
    assert limits_of("{ viewer { id id id id id } }", bounds) == [
        ("QUERY_TOO_COMPLEX", {"name": "pairs", "maximum": 6})
    ]


FRAGMENTS_THAT_DOUBLE = (
    "{ ...F0 }"
    + "".join(f"fragment F{n} on Query {{ a: viewer {{ id }} ...F{n + 1} ...F{n + 1} }}" for n in range(20))
    + "fragment F20 on Query { viewer { id } }"
)
CIRCULAR = "{ ...A } fragment A on Query { viewer { id } ...B } fragment B on Query { ...A }"
ATTACKS = {
    "10,000 aliases": ("{" + many(10_000, "a#: __typename") + "}", "tokens"),
    "aliases within the tokens": ("{" + many(1_000, "a#: __typename") + "}", "aliases"),
    "deep nesting": ("{" + "a{" * 1_000 + "a" + "}" * 1_001, "depth"),
    "deeper nesting": ("{ a " + "... { a " * 900 + "}" * 901, "depth"),
    "a list of lists": ('{ nodes(ids: [["' + '"], ["'.join("x" * 900) + '"]]) { id } }', "listSize"),
    "directives": ("{ __typename " + "@skip(if: false) " * 500 + "}", "directives"),
}


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_is_refused_in_no_time(name: str) -> None:
    document, limit = ATTACKS[name]

    begun = time.process_time()
    ((code, found),) = limits_of(document, DocumentBounds())

    assert (code, found["name"]) == ("QUERY_TOO_COMPLEX", limit)
    assert time.process_time() - begun < 1


@pytest.mark.parametrize("document", [FRAGMENTS_THAT_DOUBLE, CIRCULAR], ids=["double", "circular"])
def test_fragments_that_spread_each_other_are_read_in_no_time(document: str) -> None:
    begun = time.process_time()
    limits_of(document, DocumentBounds())

    assert time.process_time() - begun < 1


def test_a_long_list_in_variables_is_refused_however_deep_it_lies() -> None:
    bounds = DocumentBounds(list_size=5)

    assert check_variables(None, bounds) is None
    assert check_variables({"ids": [1, 2, 3, 4, 5], "input": {"fields": [{"values": ["x"] * 5}]}}, bounds) is None
    error = check_variables({"input": {"fields": [{"values": ["x"] * 6}]}}, bounds)
    assert error is not None
    assert shown([error], "en") == [
        {
            "message": "A list of 6 values; at most 5 may be given.",
            "extensions": {"code": "QUERY_TOO_COMPLEX", "limit": {"name": "listSize", "maximum": 5, "actual": 6}},
        }
    ]


def test_an_operation_that_costs_too_much_is_told_its_cost_and_the_limit() -> None:
    assert too_dear(100, 100) is None
    error = too_dear(101, 100)
    assert error is not None
    assert shown([error], "en") == [
        {
            "message": "The operation costs 101; at most 100 may be asked at once.",
            "extensions": {"code": "QUERY_TOO_COMPLEX", "limit": {"name": "cost", "maximum": 100, "actual": 101}},
        }
    ]


async def test_a_gateway_without_introspection_suggests_no_names(tmp_path: Path) -> None:
    async with running(tmp_path, documents=DocumentBounds(introspection=False)) as gateway:
        hidden = await gateway.ask("{ prodctOfferings { edges { cursor } } }")
    assert hidden["errors"][0]["message"] == "Cannot query field 'prodctOfferings' on type 'Query'."


async def test_a_gateway_without_introspection_keeps_its_schema_and_names_types(tmp_path: Path) -> None:
    async with running(tmp_path, documents=DocumentBounds(introspection=False)) as gateway:
        schema_asked = await gateway.ask("{ __schema { queryType { name } } }")
        type_asked = await gateway.ask('{ __type(name: "Query") { name } }')
        tools = await gateway.ask(get_introspection_query())
        name = await gateway.ask("{ __typename }")

    for refused, field in ((schema_asked, "__schema"), (type_asked, "__type"), (tools, "__schema")):
        assert "data" not in refused
        assert {each["extensions"]["code"] for each in refused["errors"]} == {"GRAPHQL_VALIDATION_FAILED"}
        assert refused["errors"][0]["message"] == (
            f"GraphQL introspection has been disabled, but the requested query contained the field '{field}'."
        )
    assert name == {"data": {"__typename": "Query"}}


async def test_a_refusal_is_sent_with_its_limit(tmp_path: Path) -> None:
    async with running(tmp_path, documents=BOUNDS) as gateway:
        answer = await gateway.ask(f"{{ {many(4, 'a#: __typename')} }}")

    assert answer == {
        "errors": [
            {
                "message": "4 aliases; at most 3 may be used.",
                "extensions": {"code": "QUERY_TOO_COMPLEX", "limit": {"name": "aliases", "maximum": 3, "actual": 4}},
            }
        ]
    }


def test_the_settings_of_the_bounds_reach_the_api() -> None:
    given: dict[str, Any] = {
        "introspection": False,
        "cost_limit": 1,
        "document_tokens": 2,
        "document_depth": 3,
        "document_aliases": 4,
        "document_directives": 5,
        "document_root_fields": 6,
        "list_size": 7,
        "body_bytes": 8,
    }

    settings = api_settings(Settings(**given), "http://127.0.0.1:8000")

    assert (settings.operation.cost, settings.body_limit) == (1, 8)
    assert settings.documents == DocumentBounds(
        tokens=2, depth=3, aliases=4, directives=5, root_fields=6, list_size=7, introspection=False
    )


def test_the_bounds_are_the_same_without_settings() -> None:
    settings = api_settings(Settings(), "http://127.0.0.1:8000")

    assert settings.documents == DocumentBounds()
    assert (settings.operation.cost, settings.body_limit) == (100_000, 262_144)
