"""Reads operations: parsed and validated once, then kept by their text, within bounds."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    GraphQLSyntaxError,
    NoSchemaIntrospectionCustomRule,
    OperationDefinitionNode,
    OperationType,
    parse,
    specified_rules,
    validate,
)
from strawberry.schema.validation_rules.maybe_null import MaybeNullValidationRule
from strawberry.schema.validation_rules.one_of import OneOfInputValidationRule

from gateway.api.operations.bounds import TOO_DEEP, DocumentBounds, too_complex
from gateway.api.operations.measuring import refusal_of
from gateway.api.operations.operation import Found
from gateway.api.operations.shelf import Shelf
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
        hidden = () if bounds.introspection else (NoSchemaIntrospectionCustomRule,)
        self._rules = (*specified_rules, MaybeNullValidationRule, OneOfInputValidationRule, *hidden)
        self._kept: Shelf[Read] = Shelf(bounds.kept, bounds.kept_room)

    def is_kept(self, text: str) -> bool:
        """Whether that text need not be read again."""
        return text in self._kept

    def read(self, text: str) -> Read:
        """The document; the same one again for the same text."""
        read = self._kept.get(text)
        if read is None:
            read = self._read(text)
            # A refusal has no document any more: it takes the room of its text alone.
            self._kept.keep(text, read, len(text))
        return read

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
            return Read(None, (_alone(self._unread(error)),))
        except RecursionError:
            return Read(None, (self._too_deep(),))
        errors = tuple(map(_alone, self._errors(document)))
        return Read(None if errors else document, errors)

    def _unread(self, error: GraphQLSyntaxError) -> GraphQLError:
        # The parser says by its words alone that it gave up at a bound.
        if "tokens. Parsing aborted" in error.message:
            return too_complex(f"More than {self.bounds.tokens} tokens.", "tokens", self.bounds.tokens)
        if "nested too deeply" in error.message:
            return self._too_deep()
        return coded(error, Code.GRAPHQL_PARSE_FAILED)

    def _too_deep(self) -> GraphQLError:
        return too_complex(TOO_DEEP.format(maximum=self.bounds.depth), "depth", self.bounds.depth)

    def _errors(self, document: DocumentNode) -> Iterable[GraphQLError]:
        refusal = refusal_of(document, self.bounds)
        return [refusal] if refusal else self._invalid(document)

    def _invalid(self, document: DocumentNode) -> list[GraphQLError]:
        # A suggestion would tell of the schema, too.
        errors = validate(self._schema, document, self._rules, hide_suggestions=not self.bounds.introspection)
        return [coded(error, Code.GRAPHQL_VALIDATION_FAILED) for error in errors]


def _alone(error: GraphQLError) -> GraphQLError:
    """The error without the document and the calls that it was made in: it is kept longer than they are."""
    return GraphQLError(error.message, source=error.source, positions=error.positions, extensions=error.extensions)
