"""Reads operations: parsed and validated once, then kept by their text, within bounds."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    GraphQLSyntaxError,
    OperationDefinitionNode,
    OperationType,
    parse,
    specified_rules,
)
from strawberry.schema.schema import validate_document

from gateway.api.operations.measuring import DocumentBounds, Measured
from gateway.api.operations.operation import Found
from gateway.api.problems import Code, coded

__all__ = ["DocumentBounds", "Documents", "Read"]


@dataclass(frozen=True, slots=True, eq=False)
class Read:
    """A document that was read: with `errors` it can't be run. `found` keeps its operations, once made ready."""

    document: DocumentNode | None
    errors: tuple[GraphQLError, ...] = ()
    found: dict[str | None, Found] = field(default_factory=dict)

    def operation(self, name: str | None) -> OperationDefinitionNode | None:
        """The operation of that name, or the only one; None where that is not clear."""
        definitions = self.document.definitions if self.document else ()
        found = [each for each in definitions if isinstance(each, OperationDefinitionNode)]
        if name is not None:
            found = [each for each in found if each.name and each.name.value == name]
        return found[0] if len(found) == 1 else None

    def kind(self, name: str | None) -> OperationType | None:
        """Whether it is a query, a mutation or a subscription."""
        operation = self.operation(name)
        return operation.operation if operation else None


class Documents:
    """Reads documents for one schema."""

    def __init__(self, schema: GraphQLSchema, bounds: DocumentBounds) -> None:
        self._schema = schema
        self.bounds = bounds
        self._kept = lru_cache(maxsize=bounds.kept)(self._read)

    def read(self, text: str) -> Read:
        """The document; the same one again for the same text."""
        return (self._kept if len(text) <= self.bounds.kept_length else self._read)(text)

    def read_whole(self, text: str) -> Read:
        """The document, not bounded: one that the operator trusts."""
        try:
            document = parse(text)
        except GraphQLSyntaxError as error:
            return Read(None, (coded(error, Code.GRAPHQL_PARSE_FAILED),))
        return Read(document, tuple(self._invalid(document)))

    def _read(self, text: str) -> Read:
        try:
            document = parse(text, max_tokens=self.bounds.tokens)
        except GraphQLSyntaxError as error:
            return Read(None, (coded(error, Code.GRAPHQL_PARSE_FAILED),))
        except RecursionError:
            return Read(None, (_too_complex("The document is nested too deeply."),))
        return Read(document, tuple(self._errors(document)))

    def _errors(self, document: DocumentNode) -> Iterable[GraphQLError]:
        measured = Measured(document)
        if measured.aliases > self.bounds.aliases:
            return [_too_complex(f"More than {self.bounds.aliases} aliases.")]
        if measured.depth(self.bounds.depth) > self.bounds.depth:
            return [_too_complex(f"Nested more than {self.bounds.depth} fields deep.")]
        spread = measured.spread(self.bounds)
        if spread.fields > self.bounds.fields:
            return [_too_complex(f"More than {self.bounds.fields} fields, with those of fragments wherever spread.")]
        if spread.pairs > self.bounds.pairs:
            return [_too_complex("Too many fields of one name, or too many fragments, at one place.")]
        return self._invalid(document)

    def _invalid(self, document: DocumentNode) -> list[GraphQLError]:
        errors = validate_document(self._schema, document, tuple(specified_rules))
        return [coded(error, Code.GRAPHQL_VALIDATION_FAILED) for error in errors]


def _too_complex(message: str) -> GraphQLError:
    return coded(GraphQLError(message), Code.QUERY_TOO_COMPLEX)
