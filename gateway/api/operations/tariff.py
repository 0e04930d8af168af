"""What each field costs and how many rows it may give, read from the directives of a schema."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from graphql import GraphQLField, GraphQLList, GraphQLNamedType, GraphQLSchema, get_nullable_type
from graphql.type import is_introspection_type
from strawberry.schema.schema_converter import GraphQLCoreConverter

from gateway.api.schema.weights import BatchedDirective, CostDirective, ListSizeDirective

UNSIZED = 100
"""The rows of a list that has no size: a list of the schema's own always has one."""
# Of introspection: what is usual in this schema, but for `types`, which is counted.
_INTROSPECTED = {"fields": 3, "args": 1, "enumValues": 2, "inputFields": 1, "possibleTypes": 1, "directives": 12}


@dataclass(frozen=True, slots=True)
class FieldTariff:
    """A field's part in the cost. `values` are the weights of its arguments' values, by argument."""

    weight: int = 0
    is_batched: bool = False
    is_list: bool = False
    size: int = 1
    sliced_by: tuple[str, ...] = ()
    sized_fields: tuple[str, ...] = ()
    values: Mapping[str, int] = field(default_factory=dict)


class Tariff:
    """The tariffs of a schema's fields, each read once."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self._types = len(schema.type_map)
        self._read: dict[int, FieldTariff] = {}

    def of(self, kind: GraphQLNamedType, name: str, asked: GraphQLField) -> FieldTariff:
        """The tariff of a type's field."""
        found = self._read.get(id(asked))
        if found is None:
            found = self._read[id(asked)] = (
                self._introspected(name, asked) if is_introspection_type(kind) else _declared(asked)
            )
        return found

    def _introspected(self, name: str, asked: GraphQLField) -> FieldTariff:
        return FieldTariff(is_list=_is_list(asked), size=self._types if name == "types" else _INTROSPECTED.get(name, 1))


def _declared(asked: GraphQLField) -> FieldTariff:
    costs = _applied(asked, CostDirective)
    sizes = _applied(asked, ListSizeDirective)
    values = {name: int(each.weight) for name, given in asked.args.items() for each in _applied(given, CostDirective)}
    is_list = _is_list(asked)
    size = sizes[0].assumed_size if sizes else UNSIZED if is_list else 1
    return FieldTariff(
        weight=sum(int(each.weight) for each in costs),
        is_batched=bool(_applied(asked, BatchedDirective)),
        is_list=is_list,
        size=size,
        sliced_by=tuple(sizes[0].slicing_arguments or ()) if sizes else (),
        sized_fields=tuple(sizes[0].sized_fields or ()) if sizes else (),
        values=values,
    )


def _is_list(asked: GraphQLField) -> bool:
    return isinstance(get_nullable_type(asked.type), GraphQLList)


def _applied(element: Any, kind: type) -> list[Any]:
    definition = element.extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF)
    return [each for each in getattr(definition, "directives", ()) if isinstance(each, kind)]
