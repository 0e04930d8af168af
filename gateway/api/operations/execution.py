"""Runs operations on the schema, over whatever transport."""

from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

from graphql import ExecutionResult, GraphQLError, OperationType, subscribe
from graphql.execution import Executor
from strawberry import Schema
from strawberry.execution import optimized_is_awaitable

from gateway.api.context import Context
from gateway.api.operations.documents import DocumentBounds, Documents, Read
from gateway.api.operations.plain_execution import PlainExecutor
from gateway.api.problems import Code, coded, shown

Answer = dict[str, Any]
_IS_AWAITABLE: Any = optimized_is_awaitable


@dataclass(frozen=True, slots=True)
class Asked:
    """An operation as a client sends it."""

    query: str
    variables: Mapping[str, Any] | None = None
    operation_name: str | None = None


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer's body, and whether anything was run."""

    body: Answer
    was_run: bool = True


class Execution:
    """The schema with its documents."""

    def __init__(self, schema: Schema, bounds: DocumentBounds) -> None:
        self._schema = schema._schema
        self._documents = Documents(self._schema, bounds)

    def read(self, query: str) -> Read:
        """The document of that text."""
        return self._documents.read(query)

    async def run(self, asked: Asked, context: Context) -> Answered:
        """Runs a query or a mutation."""
        read = self._documents.read(asked.query)
        if read.errors or read.document is None:
            return refused(read.errors, context.locale)
        if read.kind(asked.operation_name) is OperationType.SUBSCRIPTION:
            return refused([_bad("Subscriptions are followed over a WebSocket.")], context.locale)
        executor = self._executor(read, asked, context)
        if isinstance(executor, list):
            return refused([coded(each, Code.BAD_USER_INPUT) for each in executor], context.locale)
        found: Any = executor.execute_operation()
        result = found if isinstance(found, ExecutionResult) else await found
        return Answered(answer_of(result, context.locale))

    async def follow(self, asked: Asked, context: Context) -> "Answered | AsyncGenerator[Answer, None]":
        """As `run`; for a subscription its stream, or what stood in the way of its start."""
        read = self._documents.read(asked.query)
        if read.errors or read.document is None or read.kind(asked.operation_name) is not OperationType.SUBSCRIPTION:
            return await self.run(asked, context)
        begun = subscribe(
            self._schema,
            read.document,
            context_value=context,
            variable_values=dict(asked.variables or {}),
            operation_name=asked.operation_name,
            executor_class=PlainExecutor,
        )
        stream = begun if isinstance(begun, ExecutionResult | AsyncIterator) else await begun
        if isinstance(stream, ExecutionResult):
            return refused(
                [each if each.original_error else coded(each, Code.BAD_USER_INPUT) for each in stream.errors or ()],
                context.locale,
            )
        return _answers(stream, context)

    def _executor(self, read: Read, asked: Asked, context: Context) -> "list[GraphQLError] | Executor[Any]":
        return PlainExecutor.build(
            self._schema,
            read.document,  # type: ignore[arg-type]
            context_value=context,
            raw_variable_values=dict(asked.variables or {}),
            operation_name=asked.operation_name,
            is_awaitable=_IS_AWAITABLE,
        )


async def _answers(stream: AsyncIterator[ExecutionResult], context: Context) -> AsyncGenerator[Answer, None]:
    async with aclosing(stream):  # type: ignore[type-var]
        async for result in stream:
            yield answer_of(result, context.locale)


def answer_of(result: ExecutionResult, locale: str) -> Answer:
    """The body of what was run."""
    answer: Answer = {"data": result.data}
    if result.errors:
        answer["errors"] = shown(result.errors, locale)
    return answer


def refused(errors: Any, locale: str) -> Answered:
    """What can't be run."""
    return Answered({"errors": shown(errors, locale)}, was_run=False)


def _bad(message: str) -> GraphQLError:
    return coded(GraphQLError(message), Code.BAD_USER_INPUT)
