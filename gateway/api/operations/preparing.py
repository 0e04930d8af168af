"""Makes an operation ready: once for each document and name, however often it is run."""

import hashlib

from graphql import (
    DirectiveNode,
    DocumentNode,
    FieldNode,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    VariableDefinitionNode,
    VariableNode,
)

from gateway.api.operations.costs import compile_cost
from gateway.api.operations.documents import Read
from gateway.api.operations.measuring import nodes_of
from gateway.api.operations.operation import Found, Operation
from gateway.api.problems import Code, coded

_INCREMENTAL = frozenset({"defer", "stream"})


def prepared(schema: GraphQLSchema, read: Read, name: str | None) -> Found:
    """The operation of that name, or the only one; or what stands in its way."""
    if read.errors or read.document is None:
        return Found(None, read.errors)
    definition = read.operation(name)
    if definition is None:
        return Found(None, (coded(GraphQLError(_unclear(name)), Code.BAD_USER_INPUT),))
    return Found(
        Operation(
            document=read.document,
            sha256=_sha256(read.document),
            field=_field(definition),
            kind=definition.operation,
            name=definition.name.value if definition.name else None,
            cost_of=compile_cost(schema, read.document, definition).of,
            is_incremental=_is_incremental(read.document),
            resume_variable=_resume_variable(definition, read.document),
        )
    )


def _sha256(document: DocumentNode) -> str:
    text = document.loc.source.body if document.loc else ""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _field(definition: OperationDefinitionNode) -> str:
    fields = (each for each in definition.selection_set.selections if isinstance(each, FieldNode))
    first = next(fields, None)
    return first.name.value if first else ""


def _unclear(name: str | None) -> str:
    if name is None:
        return "The document has several operations, or none: `operationName` must name one."
    return "The document has no operation of that name."


def _is_incremental(document: DocumentNode) -> bool:
    """Whether anything in it is deferred or streamed."""
    directives = (each for each in nodes_of(document) if isinstance(each, DirectiveNode))
    return any(each.name.value in _INCREMENTAL for each in directives)


def _resume_variable(definition: OperationDefinitionNode, document: DocumentNode) -> str | None:
    """The variable that a subscription's `after` is given by; None where there is none, or it is used elsewhere too."""
    if definition.operation is not OperationType.SUBSCRIPTION:
        return None
    for field in definition.selection_set.selections:
        if isinstance(field, FieldNode):
            for argument in field.arguments or ():
                if argument.name.value == "after" and isinstance(argument.value, VariableNode):
                    name = argument.value.name.value
                    return name if _uses(document, name) == 1 else None
    return None


def _uses(document: DocumentNode, name: str) -> int:
    nodes = list(nodes_of(document))
    named = sum(isinstance(each, VariableNode) and each.name.value == name for each in nodes)
    # Where it is declared is no use of it.
    return named - sum(isinstance(each, VariableDefinitionNode) and each.variable.name.value == name for each in nodes)
