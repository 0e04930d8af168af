"""What a mutation's asker can mend: `userErrors`, each mutation with its own closed list of codes."""

from collections.abc import Callable
from enum import StrEnum
from typing import Any

import strawberry
import structlog

from gateway.api.schema.declaring import doc, enum_type
from gateway.api.schema.weights import directives_of
from gateway.api.texts import english, tell
from gateway.domain.errors import Problem, RequestError

log = structlog.get_logger("gateway.api")

UNFORESEEN = "BAD_USER_INPUT"
"""The code of what a mutation's list does not foresee: a gap that a test looks for, and no client may suffer from."""


@strawberry.interface(description="What the asker can mend; nothing has changed.")
class UserError:
    """What the mutations' own types share."""

    message: str = doc("What to mend, as a sentence in the caller's language.")
    field: list[str] | None = doc(
        "The path into the input, at most 10 steps; null where it is about the whole.", size=3
    )


class UserErrors:
    """A mutation's type of user error, its codes, and how a RequestError becomes a list of them."""

    def __init__(self, mutation: str, *codes: str) -> None:
        self.codes = StrEnum(f"{mutation}UserErrorCode", {code: code for code in sorted({*codes, UNFORESEEN})})
        enum_type(
            self.codes,
            f"What {mutation[0].lower()}{mutation[1:]} can find wrong. Clients must expect new values.",
            **{code: english("problem", code) for code in self.codes.__members__},
        )
        self.type = _user_error(mutation, self.codes)

    def __call__(self, error: RequestError, locale: str) -> list[Any]:
        """One user error for each problem, in their order."""
        return [
            self.type(
                code=self.code_of(problem.code),
                field=list(problem.field) if problem.field else None,
                message=tell(locale, "problem", _text_of(problem), problem.params),
            )
            for problem in error.problems
        ]

    def code_of(self, code: str) -> Any:
        """The mutation's code."""
        known = self.codes.__members__.get(code)
        if known is None:
            log.error("unforeseen user error", code=code, kind=self.type.__name__)
        return known or self.codes[UNFORESEEN]


def _text_of(problem: Problem) -> str:
    """The text's code: some codes have several, by the problem's variant."""
    variant = problem.params.get("variant")
    return f"{problem.code}.{variant}" if variant else problem.code


def _user_error(mutation: str, codes: Any) -> Callable[..., Any] | Any:
    namespace = {
        "__annotations__": {"code": codes},
        "code": doc("What is wrong."),
        "__module__": __name__,
    }
    description = f"What the asker of {mutation[0].lower()}{mutation[1:]} can mend."
    return strawberry.type(type(f"{mutation}UserError", (UserError,), namespace), description=description)


def payload(name: str, user_errors: UserErrors, **changed: tuple[Any, str] | tuple[Any, str, int]) -> Any:
    """A mutation's payload: the changed objects, null where it failed, and its user errors.

    A list has its usual size as the third.
    """
    namespace: dict[str, Any] = {
        "__annotations__": {**{key: kind | None for key, (kind, *_) in changed.items()}},
        **{
            key: strawberry.field(
                default=None, description=text, directives=directives_of(size=size[0] if size else None)
            )
            for key, (_, text, *size) in changed.items()
        },
        "__module__": __name__,
    }
    namespace["__annotations__"]["user_errors"] = list[user_errors.type]  # type: ignore[name-defined]
    namespace["user_errors"] = strawberry.field(
        default_factory=list,
        description="What the asker can mend, at most 100; empty where it was done.",
        directives=directives_of(size=5),
    )
    description = f"What {name[0].lower()}{name[1:]} did."
    return strawberry.type(type(f"{name}Payload", (), namespace), description=description)
