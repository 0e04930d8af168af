"""Every operation as operators see it: timed, counted and traced, whatever transport brought it and how it ends."""

from collections.abc import AsyncGenerator, Awaitable
from contextlib import aclosing
from time import perf_counter
from typing import TypeVar

from graphql import OperationType
from strawberry import Schema

from gateway.api.auth.addresses import limit_key
from gateway.api.context import Context
from gateway.api.operations.answers import Answered
from gateway.api.operations.asked import Asked
from gateway.api.operations.execution import Execution, Parts, Stream
from gateway.api.operations.library import Library
from gateway.api.operations.limits import OperationLimits
from gateway.api.operations.operation import Found, Operation
from gateway.api.problems import Code
from gateway.api.rates.windows import Windows
from gateway.api.telemetry import operations
from gateway.api.telemetry.metrics import OK
from gateway.api.telemetry.operations import outcome_of
from gateway.api.telemetry.watching import Telemetry
from gateway.domain.parties import Caller
from gateway.usecases.refusals import access_refused

T = TypeVar("T")


class WatchedExecution(Execution):
    """Execution, and a telemetry that is told of each operation once."""

    def __init__(
        self,
        schema: Schema,
        library: Library,
        limits: OperationLimits,
        telemetry: Telemetry,
        windows: Windows | None = None,
    ) -> None:
        super().__init__(schema, library, limits, windows)
        self._telemetry = telemetry
        telemetry.names.trust(library.trusted_names)

    async def run(self, found: Found, asked: Asked, context: Context) -> Answered:
        """See Execution."""
        if found.operation is None:
            return self._refused(await super().run(found, asked, context))
        if asked.trace_parent is None and self._telemetry.only_times():
            answered = await self._timed(found.operation, context.caller, super().run(found, asked, context))
            return _audited(answered, found.operation, context)
        with self._begins(found.operation, asked, context) as watched:
            answered = await super().run(found, asked, context)
            watched.end(self._outcome(answered))
        return _audited(answered, found.operation, context)

    async def _timed(self, operation: Operation, caller: Caller, running: Awaitable[Answered]) -> Answered:
        begun, kind, name, is_signed_in = perf_counter(), operation.kind.value, operation.name, _is_signed_in(caller)
        try:
            answered = await running
        except BaseException as error:
            self._telemetry.timed(kind, name, outcome_of(type(error)), begun, is_signed_in=is_signed_in)
            raise
        self._telemetry.timed(kind, name, self._outcome(answered), begun, is_signed_in=is_signed_in)
        return answered

    async def run_in_parts(self, found: Found, asked: Asked, context: Context) -> Answered | Parts:
        """See Execution."""
        if found.operation is None or not found.operation.is_incremental:
            return await super().run_in_parts(found, asked, context)
        watched = self._begins(found.operation, asked, context)
        with watched.entered():
            parts = await super().run_in_parts(found, asked, context)
        if isinstance(parts, Answered):
            watched.end(self._outcome(parts))
            return _audited(parts, found.operation, context)
        watched.settled()
        return _until_its_end(watched, parts)

    async def follow(self, found: Found, asked: Asked, context: Context) -> Answered | Stream:
        """See Execution."""
        if found.operation is None or found.operation.kind is not OperationType.SUBSCRIPTION:
            return await super().follow(found, asked, context)
        watched = self._begins(found.operation, asked, context)
        with watched.entered():
            stream = await super().follow(found, asked, context)
        if isinstance(stream, Answered):
            watched.end(self._outcome(stream))
            return _audited(stream, found.operation, context)
        watched.settled()
        return _until_its_end(watched, self._counted(stream, found.operation.field))

    def _begins(self, operation: Operation, asked: Asked, context: Context) -> operations.Operation:
        carrier = {"traceparent": asked.trace_parent} if asked.trace_parent else None
        watched = self._telemetry.operation(
            operation.kind.value,
            operation.name,
            operation.sha256,
            carrier,
            is_signed_in=_is_signed_in(context.caller),
        )
        if watched.is_recorded:
            watched.called_by(_kind_of(context.caller))
        return watched

    def _outcome(self, answered: Answered) -> str:
        if not answered.was_run:
            self._refused(answered)
        errors = answered.body.get("errors")
        return str(errors[0]["extensions"]["code"]) if errors else OK

    def _refused(self, answered: Answered) -> Answered:
        if answered.code is not None:
            self._telemetry.refused(answered.code)
        return answered

    async def _counted(self, stream: Stream, field: str) -> Stream:
        async with aclosing(stream) as events:
            async for event in events:
                self._telemetry.delivered(field)
                yield event


def _audited(answered: Answered, operation: Operation, context: Context) -> Answered:
    """The answer; where the caller may not do what was asked for, that is a security event."""
    if "errors" in answered.body:
        codes = {each["extensions"]["code"] for each in answered.body["errors"]}
        if Code.FORBIDDEN in codes:
            core, caller = context.core, context.caller
            address = limit_key(caller.address)
            core.refusals.note(access_refused(caller, operation.field, core.clock.now(), address))
    return answered


async def _until_its_end(watched: operations.Operation, items: AsyncGenerator[T, None]) -> AsyncGenerator[T, None]:
    """Belongs to the operation in whichever task it is read."""
    with watched:
        async with aclosing(items):
            async for item in items:
                yield item


def _is_signed_in(caller: Caller) -> bool:
    return caller.actor is not None or caller.client is not None


def _kind_of(caller: Caller) -> str:
    if caller.client is not None:
        return "client"
    if caller.actor is None:
        return "nobody"
    return "operator" if caller.actor.is_operator else "customer"
