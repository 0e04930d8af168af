"""Answers as they are sent, whatever carries them."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from graphql import ExecutionResult, GraphQLError

from gateway.api.problems import Code, is_unavailable, plain, shown, unavailable
from gateway.domain.errors import StorageUnavailable

Answer = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer's body, and whether anything was run. `code` is the refusal's where nothing was."""

    body: Answer
    was_run: bool = True
    retry_after_s: int | None = None

    @property
    def code(self) -> Code | None:
        """The code of the first error where nothing was run."""
        return None if self.was_run else Code(self.body["errors"][0]["extensions"]["code"])


def whole_answer(result: ExecutionResult, locale: str) -> Answered | None:
    """The answer where the storage was away, None where it was not."""
    error = is_unavailable(result.errors) if result.errors else None
    return unavailable_answer(error, locale) if error else None


def answer_of(result: ExecutionResult, locale: str) -> Answer:
    """The body of what was run."""
    answer: Answer = {"data": result.data}
    if result.errors:
        answer["errors"] = shown(result.errors, locale)
    return answer


def unavailable_answer(error: StorageUnavailable, locale: str) -> Answered:
    """Nothing is told of what was run: the storage went away meanwhile, and the whole is to be asked for again."""
    body: Answer = {"errors": [unavailable(error, locale)]}
    return Answered(body, was_run=False, retry_after_s=error.retry_after_s)


def refused(errors: Iterable[GraphQLError], locale: str) -> Answered:
    """What can't be run."""
    return Answered({"errors": shown(errors, locale)}, was_run=False)


def refused_as(code: Code, message: str, retry_after_s: int | None = None, **extensions: Any) -> Answered:
    """What is not run, by a limit: `extensions` say which."""
    error = plain(code, message)
    error["extensions"].update(extensions)
    if retry_after_s is not None:
        error["extensions"]["retryAfter"] = retry_after_s
    return Answered({"errors": [error]}, was_run=False, retry_after_s=retry_after_s)
