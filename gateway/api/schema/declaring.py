"""How a GraphQL type is declared over a domain class, so that resolvers return the domain's own objects."""

import inspect
from collections.abc import Callable
from enum import EnumMeta
from typing import Annotated, Any, TypeVar

import strawberry
from strawberry.types.base import StrawberryObjectDefinition
from strawberry.types.enum import StrawberryEnumDefinition

from gateway.api.schema.settling import settling
from gateway.api.schema.weights import Weight, directives_of

C = TypeVar("C", bound=type)
E = TypeVar("E", bound=EnumMeta)


def doc(description: str, size: int | None = None) -> Any:
    """A plain field, read from the domain object's attribute of the same name; `size` is a list's usual one."""
    return strawberry.field(description=description, directives=directives_of(size=size))


def described(thing: Any) -> str:
    """Its docstring as one paragraph: what the schema says of it."""
    return " ".join((inspect.getdoc(thing) or "").split())


def object_type(domain_class: type, name: str | None = None) -> Callable[[C], C]:
    """Declares the GraphQL type of a domain class; annotations then name the domain class itself.

    Strawberry keeps a type's definition on its class, as it does for an enum: here on the domain class, which stays
    unaware of it.
    """

    def declare(declaration: C) -> C:
        decorated = strawberry.type(declaration, name=name or declaration.__name__, description=described(declaration))
        return _attach(domain_class, decorated)

    return declare


def interface_type(domain_class: type, name: str | None = None) -> Callable[[C], C]:
    """As `object_type`, for a domain class whose subclasses have types of their own."""

    def declare(declaration: C) -> C:
        name_ = name or declaration.__name__
        return _attach(domain_class, strawberry.interface(declaration, name=name_, description=described(declaration)))

    return declare


def _attach(domain_class: Any, declaration: C) -> C:
    definition: StrawberryObjectDefinition = declaration.__strawberry_definition__  # type: ignore[attr-defined]
    definition.origin = domain_class
    # Strawberry overlooks an interface whose definition has a domain class as its origin.
    above = (vars(base).get("__strawberry_definition__") for base in declaration.__mro__[1:])
    definition.interfaces = [each for each in above if each is not None and each.is_interface]
    domain_class.__strawberry_definition__ = definition
    return declaration


def field(resolver: Callable[..., Any]) -> Any:
    """A field with a resolver, described by its docstring."""
    return field_of()(resolver)


def field_of(
    graphql_type: Any = None, weight: Weight | None = None, size: int | None = None, batched: bool = False
) -> Callable[[Callable[..., Any]], Any]:
    """As `field`, with what it weighs; and where the result has another GraphQL type than its own (a page, for one)."""
    return lambda resolver: strawberry.field(
        resolver=settling(resolver),
        description=described(resolver),
        directives=directives_of(weight, size, batched, graphql_type),
        **({} if graphql_type is None else {"graphql_type": graphql_type}),
    )


def argument(description: str, name: str | None = None, weight: Weight | None = None) -> Any:
    """An argument's description, for `Annotated`; `weight` is that of each value in its list."""
    return strawberry.argument(description=description, name=name, directives=directives_of(weight))


ONLY_CUSTOMER = "The customer; where left out, the viewer's only one."
OnlyCustomer = Annotated[strawberry.ID | None, argument(ONLY_CUSTOMER)]
"""An argument; UNSET and null leave it to `policy.customer_of`."""


def enum_type(enum: E, description: str, name: str | None = None, **values: str) -> E:
    """Declares a domain enum with a description of each value.

    Raises: ValueError where a value has none, or a description no value.
    """
    # A type that names the enum may have been declared first, and given it a bare definition: that one is completed.
    decorated = enum if "__strawberry_definition__" in vars(enum) else strawberry.enum(enum)
    definition: StrawberryEnumDefinition = decorated.__strawberry_definition__  # type: ignore[attr-defined]
    definition.name, definition.description = name or enum.__name__, description
    if {each.name for each in definition.values} != values.keys():
        raise ValueError(f"{enum.__name__}: {sorted({each.name for each in definition.values} ^ values.keys())}")
    for each in definition.values:
        each.description = values[each.name]
    return decorated
