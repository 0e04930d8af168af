"""The cost of a document, as the gateway's schema has it."""

from typing import Any

from graphql import OperationDefinitionNode, parse, validate

from gateway.api.operations.costs import OperationCost, compile_cost
from gateway.api.schema.built import schema


def compiled(text: str, *, is_valid: bool = True) -> OperationCost:
    """That of the document's first operation. Fails where it is not valid, unless that is not meant."""
    document = parse(text)
    assert not is_valid or validate(schema._schema, document) == []
    operation = next(each for each in document.definitions if isinstance(each, OperationDefinitionNode))
    return compile_cost(schema._schema, document, operation)


def cost_of(text: str, **variables: Any) -> int:
    """The cost of a valid document with these variables."""
    return compiled(text).of(variables)
