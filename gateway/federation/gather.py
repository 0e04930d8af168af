"""Asks many providers at once, and keeps who did not answer."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from gateway.contract.provider import Provider
from gateway.domain.catalog.providers import ProviderProfile, UnavailableProvider
from gateway.domain.errors import NotOffered, ProviderError, Unavailable
from gateway.ports import Clock

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Gathered(Generic[T]):
    """The answers, and the providers without one, both in the order of the question."""

    rows: tuple[tuple[ProviderProfile, T], ...]
    unavailable: tuple[UnavailableProvider, ...]


def unavailable_from(
    profile: ProviderProfile, error: ProviderError, clock: Clock, last_known_at: datetime | None = None
) -> UnavailableProvider:
    """What an error of a provider's means for the list `unavailableProviders`."""
    wait_s = error.retry_after_s if isinstance(error, Unavailable) else None
    retry_after = clock.now() + timedelta(seconds=wait_s) if wait_s is not None else None
    return UnavailableProvider(profile, error.code, retry_after, last_known_at)


async def gather(providers: Iterable[Provider], ask: Callable[[Provider], Awaitable[T]], clock: Clock) -> Gathered[T]:
    """Asks all side by side; takes as long as the slowest is allowed to.

    A provider whose `ask` raises NotOffered is in neither list. Anything but a ProviderError is a fault: it ends all.
    """
    asked = list(providers)

    async def answer(provider: Provider) -> T | ProviderError:
        try:
            return await ask(provider)
        except ProviderError as error:
            return error

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(answer(provider)) for provider in asked]
    rows: list[tuple[ProviderProfile, T]] = []
    unavailable: list[UnavailableProvider] = []
    for provider, task in zip(asked, tasks, strict=True):
        result = task.result()
        if isinstance(result, NotOffered):
            continue
        if isinstance(result, ProviderError):
            unavailable.append(unavailable_from(provider.profile, result, clock))
        else:
            rows.append((provider.profile, result))
    return Gathered(tuple(rows), tuple(unavailable))
