"""Runs operations on the schema, over whatever transport: every operation passes here, and its limits with it."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

import orjson
from graphql import (
    ExecutionResult,
    ExperimentalIncrementalExecutionResults,
    GraphQLError,
    OperationType,
    create_source_event_stream,
    execute_subscription_event,
)
from graphql.execution import Executor
from graphql.execution.incremental import IncrementalExecutor
from strawberry import Schema
from strawberry.execution import optimized_is_awaitable

from gateway.api.context import Context
from gateway.api.operations.answers import (
    Answer,
    Answered,
    answer_of,
    refused,
    refused_as,
    whole_answer,
)
from gateway.api.operations.asked import Asked
from gateway.api.operations.bounds import check_variables, too_dear
from gateway.api.operations.fanout import Fanout, Payload, Share, rights_key, variables_key
from gateway.api.operations.incremental import part_of
from gateway.api.operations.library import Library
from gateway.api.operations.limits import TOO_MUCH, Budgets, OperationLimits
from gateway.api.operations.operation import Found, Operation
from gateway.api.operations.plain_execution import PlainExecutor, let_go
from gateway.api.problems import Code, coded
from gateway.api.rates.windows import Windows
from gateway.domain.parties import Caller

_IS_AWAITABLE: Any = optimized_is_awaitable
Parts = AsyncGenerator[Answer, None]
Stream = AsyncGenerator["Event", None]


@dataclass(frozen=True, slots=True)
class Event:
    """One event of a subscription: its payload as JSON, shared by all who are sent the same, and its own cursor."""

    payload: Payload
    cursor: str | None = None


# To parse and to validate a text costs about as much as this many objects of an answer for each character.
CHARACTER_COST = 5
FREE_CHARACTERS = 200


class Execution:
    """The schema with its documents, limits and budgets."""

    def __init__(
        self, schema: Schema, library: Library, limits: OperationLimits, windows: Windows | None = None
    ) -> None:
        self._schema = schema._schema
        self._library = library
        self._limits = limits
        self._budgets = Budgets(limits, windows)
        self._dearest = min(limits.cost, self._budgets.most)
        self._fanout = Fanout()

    def find(self, asked: Asked, caller: Caller) -> Found:
        """The operation that is asked for; nothing is run yet, but to read a text that is new is charged."""
        characters = self._library.unread(asked) - FREE_CHARACTERS
        wait_s = self.charge(caller, characters * CHARACTER_COST) if characters > 0 else None
        return Found(None, wait_s=wait_s) if wait_s else self._library.find(asked)

    async def run(self, found: Found, asked: Asked, context: Context) -> Answered:
        """Runs a query or a mutation to its end."""
        operation = self._begun(found, asked, context)
        if isinstance(operation, Answered):
            return operation
        if operation.kind is OperationType.SUBSCRIPTION:
            message = "Subscriptions are followed over a WebSocket, or as text/event-stream or multipart/mixed."
            return refused([_bad(message)], context.locale)
        executor = self._executor(PlainExecutor, operation, asked, context)
        if isinstance(executor, Answered):
            return executor
        try:
            result = await self._in_time(executor.execute_operation())
        except TimeoutError:
            return self._timed_out()
        finally:
            let_go(executor)
        return whole_answer(result, context.locale) or Answered(
            self._told(answer_of(result, context.locale), operation, asked)
        )

    async def run_in_parts(self, found: Found, asked: Asked, context: Context) -> "Answered | Parts":
        """As `run`; what is deferred or streamed comes in parts of its own after the first."""
        if found.operation is None or not found.operation.is_incremental:
            return await self.run(found, asked, context)
        operation = self._begun(found, asked, context)
        if isinstance(operation, Answered):
            return operation
        executor = self._executor(IncrementalExecutor, operation, asked, context)
        if isinstance(executor, Answered):
            return executor
        try:
            result: Any = await self._in_time(executor.execute_operation())
        except TimeoutError:
            return self._timed_out()
        if isinstance(result, ExecutionResult):
            return Answered(self._told(answer_of(result, context.locale), operation, asked))
        return self._parts(result, operation, asked, context)

    async def follow(self, found: Found, asked: Asked, context: Context) -> "Answered | Stream":
        """The stream of a subscription, or what stands in the way of its start; another operation is run."""
        if found.operation is None or found.operation.kind is not OperationType.SUBSCRIPTION:
            return await self.run(found, asked, context)
        operation = self._begun(found, asked, context)
        if isinstance(operation, Answered):
            return operation
        executor = self._executor(PlainExecutor, operation, asked, context)
        if isinstance(executor, Answered):
            return executor
        share = self._share(operation, asked, context)
        context.prepare = share.prepare
        try:
            source: Any = await self._in_time(create_source_event_stream(executor))
        except TimeoutError:
            return self._timed_out()
        finally:
            let_go(executor)
        if isinstance(source, ExecutionResult):
            return whole_answer(source, context.locale) or _not_begun(source, context.locale)
        return _events(source, share, context.caller)

    def _begun(self, found: Found, asked: Asked, context: Context) -> "Operation | Answered":
        """The operation, where it may begin: its document can be run, and what it costs is within the limits."""
        operation = found.operation
        if found.wait_s:
            return refused_as(Code.RATE_LIMITED, TOO_MUCH.format(seconds=found.wait_s), found.wait_s)
        if operation is None:
            return refused(found.errors, context.locale)
        cost = operation.cost_of(asked.variables)
        too_much = check_variables(asked.variables, self._library.bounds) or too_dear(cost, self._dearest)
        if too_much:
            return refused([too_much], context.locale)
        wait_s = self.charge(context.caller, cost)
        if wait_s:
            return refused_as(Code.RATE_LIMITED, TOO_MUCH.format(seconds=wait_s), wait_s)
        return operation

    def charge(self, caller: Caller, cost: int) -> int | None:
        """Charges what is no operation, but work too; the seconds to wait where there is no room for it."""
        return self._budgets.charge(caller, min(cost, self._budgets.most))

    def _executor(
        self, kind: type[Executor[Any]], operation: Operation, asked: Asked, context: Context
    ) -> "Answered | Executor[Any]":
        built = kind.build(
            self._schema,
            operation.document,
            context_value=context,
            raw_variable_values=dict(asked.variables or {}),
            operation_name=operation.name,
            is_awaitable=_IS_AWAITABLE,
        )
        if isinstance(built, list):
            return refused([coded(each, Code.BAD_USER_INPUT) for each in built], context.locale)
        return built

    async def _in_time(self, found: Any) -> Any:
        """What comes of it. Raises: TimeoutError at the limit, once what it waits for at providers is cancelled."""
        if not _IS_AWAITABLE(found):
            return found
        async with asyncio.timeout(self._limits.seconds):
            return await found

    def _timed_out(self) -> Answered:
        seconds = self._limits.seconds
        message = f"The operation took longer than {seconds:g} seconds and was ended."
        return refused_as(Code.TIMEOUT, message, limit={"name": "seconds", "maximum": seconds})

    def _told(self, answer: Answer, operation: Operation, asked: Asked) -> Answer:
        """The answer, with what it cost."""
        cost = {"requested": operation.cost_of(asked.variables), "limit": self._dearest}
        answer["extensions"] = {"cost": cost}
        return answer

    async def _parts(
        self, results: ExperimentalIncrementalExecutionResults, operation: Operation, asked: Asked, context: Context
    ) -> Parts:
        yield self._told(part_of(results.initial_result, context.locale), operation, asked)
        try:
            async with asyncio.timeout(self._limits.seconds), aclosing(results.subsequent_results) as rest:
                async for part in rest:
                    yield part_of(part, context.locale)
        except TimeoutError:
            yield {"hasNext": False, "errors": self._timed_out().body["errors"]}

    def _share(self, operation: Operation, asked: Asked, context: Context) -> Share:
        async def execute(event: Any) -> Payload:
            fresh = Context(context.core, context.caller, context.locale, context.attempts)
            return await self._payload(event, operation, asked, fresh)

        def charge(caller: Caller) -> int | None:
            return self.charge(caller, cost)

        cost, variables = operation.cost_of(asked.variables), variables_key(asked.variables, operation.resume_variable)
        alike = (operation, variables, rights_key(context.caller), context.locale)
        return self._fanout.share(alike, execute, charge)

    async def _payload(self, event: Any, operation: Operation, asked: Asked, context: Context) -> Payload:
        executor = self._executor(PlainExecutor, operation, asked, context)
        if isinstance(executor, Answered):
            return orjson.dumps(executor.body)
        of_event = executor.build_per_event_executor(event)
        try:
            result = await self._in_time(execute_subscription_event(of_event))
        except TimeoutError:
            return orjson.dumps(self._timed_out().body)
        finally:
            let_go(of_event)
            let_go(executor)
        body = orjson.dumps(self._told(answer_of(result, context.locale), operation, asked))
        # orjson's bytes keep the room that they were made in, and each follower keeps its last event.
        return bytes(memoryview(body))


async def _events(source: AsyncIterable[Any], share: Share, caller: Caller) -> Stream:
    share.join(caller)
    try:
        async with aclosing(source) as events:  # type: ignore[type-var]
            async for event in events:
                yield Event(await share.payload(event, caller), getattr(event, "cursor", None))
    finally:
        await share.leave(caller)


def _not_begun(result: ExecutionResult, locale: str) -> Answered:
    errors = result.errors or ()
    return refused([each if each.original_error else coded(each, Code.BAD_USER_INPUT) for each in errors], locale)


def _bad(message: str) -> GraphQLError:
    return coded(GraphQLError(message), Code.BAD_USER_INPUT)
