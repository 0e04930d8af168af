"""An operation made ready once: what is needed of its document each time that it is run."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from graphql import DocumentNode, GraphQLError, OperationType


@dataclass(frozen=True, slots=True, eq=False)
class Operation:
    """One operation of a document.

    `sha256` is of the document's text, in hexadecimal; `field` is its first root field, a subscription's only one.
    `resume_variable` is the variable of a subscription's `after`, where it is for nothing else: what is sent after
    the start does not depend on it.
    """

    document: DocumentNode
    sha256: str
    field: str
    kind: OperationType
    name: str | None
    cost_of: Callable[[Mapping[str, Any] | None], int]
    is_incremental: bool
    resume_variable: str | None


@dataclass(frozen=True, slots=True)
class Found:
    """An operation, or the errors that stand in its way, or the seconds to wait before it is looked at."""

    operation: Operation | None
    errors: tuple[GraphQLError, ...] = ()
    wait_s: int | None = None

    @property
    def kind(self) -> OperationType | None:
        """Whether it is a query, a mutation or a subscription; None where nothing can be run."""
        return self.operation.kind if self.operation else None

    @property
    def field(self) -> str:
        """Its first root field; empty where nothing can be run."""
        return self.operation.field if self.operation else ""
