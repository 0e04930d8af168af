"""The frontend developer's table of weights, from the schema itself. Run as a program, it renews the page."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from graphql import GraphQLInterfaceType, GraphQLObjectType

from gateway.api.schema.built import schema
from gateway.api.schema.weights import WEIGHTS, BatchedDirective, CostDirective, Weight
from tests.docs.blocks import between

PAGE = Path(__file__).parents[2] / "docs" / "frontend.md"
TITLES = ("weight", "what it is", "fields")


def weights_table() -> str:
    """The table, from the lightest on."""
    rows = [
        TITLES,
        ("---", "---", "---"),
        ("0", "A scalar or a value of an enum.", "all without another weight"),
        ("1", "An object: what is read already.", "every object that the answer may have"),
        *((f"{weight:,}", text, ", ".join(_fields_of(weight))) for weight, text in WEIGHTS.items()),
    ]
    return "\n".join(["", *(f"| {' | '.join(row)} |" for row in rows), "", ""])


def _fields_of(weight: Weight) -> list[str]:
    return [name for name, found in sorted(_weights()) if found == weight]


def _weights() -> Iterator[tuple[str, int]]:
    """Each weight of a field or an argument; what a kind has from its interface is there once."""
    for name, kind in schema._schema.type_map.items():
        if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType) and not name.startswith("__"):
            inherited = {key for each in kind.interfaces for key in each.fields}
            for key, field in kind.fields.items():
                mark = " ¹" if _applied(field, BatchedDirective) else ""
                own = [(f"`{name}.{key}`{mark}", field)] if key not in inherited else []
                of_arguments = [(f"each of `{name}.{key}({given}:)`", each) for given, each in field.args.items()]
                for shown, element in (*own, *of_arguments):
                    yield from ((shown, int(each.weight)) for each in _applied(element, CostDirective))


def _applied(element: Any, kind: type) -> list[Any]:
    return [each for each in element.extensions["strawberry-definition"].directives if isinstance(each, kind)]


if __name__ == "__main__":
    text = PAGE.read_text("utf-8")
    old, new = (f"<!-- weights -->\n{table}<!--" for table in (between(PAGE, "weights"), weights_table()))
    PAGE.write_text(text.replace(old, new), "utf-8")
