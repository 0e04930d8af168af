"""Attempts of one kind that an account, a person or an address has in a span of time."""

from gateway.domain.errors import RequestError
from gateway.ports import Attempt, Attempts


async def count_try(attempts: Attempts, attempt: Attempt, key: str) -> None:
    """Counts one more try of that actor, or from that address. Raises: RequestError RATE_LIMITED with `seconds`."""
    if not await attempts.count(attempt, key):
        # Where the span ended in this moment, none are left: a second is the least that is said.
        raise RequestError.at("RATE_LIMITED", seconds=str(max(1, await attempts.wait_s(attempt, key))))
