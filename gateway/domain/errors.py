"""Every error of the gateway, sorted by what to do next.

GatewayError
├─ StorageUnavailable      what we keep can't be reached, or has no room  → again later, with the same key
├─ RequestError            the asker can mend it; safe to show → userErrors, or a top-level error
│   └─ AccessError         the caller may not: always a top-level error
└─ ProviderError           carries provider and capability
    ├─ Rejected            it said no, with its reason                   → compensate
    ├─ Unavailable         it did not get the request                    → retry
    ├─ OutcomeUnknown      it may have done it (a timeout after sending) → look, by key, before anything else
    ├─ ContractBroken      its answer makes no sense                     → compensate, raise an alarm
    └─ NotOffered          it lacks the capability
"""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self


class GatewayError(Exception):
    """What the gateway itself raises; anything else that surfaces is a fault."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to mend: a code of the gateway's texts, the input's path it belongs to, and the text's parameters."""

    code: str
    field: tuple[str, ...] | None = None
    params: Mapping[str, str] = dataclasses.field(default_factory=dict)


class StorageUnavailable(GatewayError):
    """What we keep can't be read or written just now. What was about to be stored may be stored, or not."""

    retry_after_s = 5


class RequestError(GatewayError):
    """The asker can mend it; nothing has changed. Carries one or more problems, each with its field."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__(", ".join(problem.code for problem in problems))
        self.problems = problems

    @classmethod
    def at(cls, code: str, *path: str, **params: str) -> "RequestError":
        """One problem at one input path: `RequestError.at("NOT_FOUND", "input", "bundleId")`."""
        return cls(Problem(code, path or None, params))


class AccessError(RequestError):
    """The caller may not do this: `UNAUTHENTICATED` for nobody, `FORBIDDEN` for somebody.

    `ONE_TIME_PASSWORD_REQUIRED` where the caller may once a one-time password is on.
    """


class ProviderError(GatewayError):
    """A provider failed us. `detail` is for operators only; a customer reads the gateway's own text by code.

    `finding` is a code that says more to the partner whose provider it is, where there is more to say.
    """

    code = "PROVIDER_ERROR"
    finding: str | None = None

    def __init__(self, provider: str, capability: str, detail: str = "") -> None:
        super().__init__(f"{provider} {capability}: {detail[:500]}")
        self.provider = provider
        self.capability = capability
        self.detail = detail[:500]

    def bare(self) -> Self:
        """The same, to be kept: without the calls it came through, which hold on to all that they had read."""
        self.__context__ = self.__cause__ = None
        return self.with_traceback(None)


class Rejected(ProviderError):
    """It said no. `reason` is its own machine-readable code where it gave one."""

    code = "PROVIDER_REJECTED"

    def __init__(self, provider: str, capability: str, detail: str = "", reason: str | None = None) -> None:
        super().__init__(provider, capability, detail)
        self.reason = reason


class Unavailable(ProviderError):
    """It did not get the request, or said that it can't serve it now. `retry_after_s` where it named a time."""

    code = "PROVIDER_UNAVAILABLE"

    def __init__(
        self,
        provider: str,
        capability: str,
        detail: str = "",
        retry_after_s: float | None = None,
        finding: str | None = None,
    ) -> None:
        super().__init__(provider, capability, detail)
        self.retry_after_s = retry_after_s
        self.finding = finding


class OutcomeUnknown(ProviderError):
    """A change was sent and no answer came: it may have been done. Look by key before anything else."""

    code = "PROVIDER_OUTCOME_UNKNOWN"


class ContractBroken(ProviderError):
    """Its answer makes no sense: not what its API documents."""

    code = "PROVIDER_CONTRACT_BROKEN"


class NotOffered(ProviderError):
    """It lacks the capability that was asked for."""

    code = "PROVIDER_NOT_OFFERED"
