"""What a provider posts becomes wake-ups: whoever waits for it looks again. A post is never taken for the truth."""

from collections.abc import Mapping
from typing import Any

from gateway.contract.events import Signal, SignalKind
from gateway.federation.directory import Directory
from gateway.ports import WakeUps

# So many things of one post are looked at: whoever posts of more would have every gateway ask about everything. What is
# left out is asked for in its turn.
MOST = 200


async def receive(directory: Directory, wakeups: WakeUps, slug: str, body: Mapping[str, Any]) -> bool:
    """Wakes who waits for what the event names; False for a provider that is unknown or sends no events.

    Raises: ContractBroken for a body that makes no sense.
    """
    provider = directory.provider(slug)
    if provider is None or provider.events is None:
        return False
    told = provider.events.read(body)[:MOST]
    wakeups.notify(*(topic for signal in told for topic in topics(slug, signal)))
    return True


def topics(slug: str, signal: Signal) -> tuple[str, ...]:
    """The bus topics of a signal."""
    if signal.kind is SignalKind.CATALOG:
        return (f"catalog:{slug}",)
    order, key = ("going-order", "going-key") if signal.goes_on else ("provider-order", "provider-key")
    found: list[str] = []
    if signal.ref is not None and signal.kind in (SignalKind.ORDER, SignalKind.CANCELLATION):
        found.append(f"{order}:{slug}:{signal.ref}")
    if signal.ref is not None and signal.kind is SignalKind.PRODUCT:
        found.append(f"provider-product:{slug}:{signal.ref}")
    if signal.key is not None:
        found.append(f"{key}:{slug}:{signal.key}")
    return tuple(found)
