"""Makes the built schema read plain attributes cheaply, and tell the kind of a domain object by its class."""

from collections.abc import Callable, Mapping
from operator import attrgetter
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
)
from strawberry.schema.schema_converter import GraphQLCoreConverter

_DEFINITION = GraphQLCoreConverter.DEFINITION_BACKREF
_READ = "gateway-attribute"


def made_plain(schema: GraphQLSchema) -> None:
    """Changes the schema in place; its types and fields stay as they are."""
    names: dict[type, str] = {}
    for each in schema.type_map.values():
        if isinstance(each, GraphQLObjectType) and _DEFINITION in each.extensions:
            names[each.extensions[_DEFINITION].origin] = each.name
            # The resolvers' types are checked by mypy: no need to check each object again.
            each.is_type_of = None
            _read_attributes(each)
        elif isinstance(each, GraphQLEnumType) and _DEFINITION in each.extensions:
            # The domain's enums are texts: a member is found by its value.
            shown = {member.value: name for name, member in each.values.items()}
            each.coerce_output_value = shown.__getitem__  # type: ignore[method-assign,assignment]
    for each in schema.type_map.values():
        if isinstance(each, GraphQLUnionType | GraphQLInterfaceType):
            each.resolve_type = _kind_of(names)


def _kind_of(names: Mapping[type, str]) -> Callable[..., str]:
    return lambda value, _info, _type: names[type(value)]


def _read_attributes(kind: GraphQLObjectType) -> None:
    for field in kind.fields.values():
        if getattr(field.resolve, "_is_default", False):
            name = field.extensions[_DEFINITION].python_name
            field.resolve = _attribute(name)
            field.extensions[_READ] = attrgetter(name)


def _attribute(name: str) -> Callable[..., Any]:
    return lambda source, _info: getattr(source, name)


def attribute_of(field: GraphQLField) -> Callable[[Any], Any] | None:
    """Reads the field's attribute; None for a field with a resolver of its own."""
    return field.extensions.get(_READ)
