"""Subscriptions: read live by access, and remembered by what the gateway calls them. Source: ON-API 2.6."""

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.kit import Answer, Area
from providers.onapi.changes import ChangingList
from providers.onapi.context import Reading
from providers.onapi.reading import Row, is_id, parts, text


@dataclass(frozen=True, slots=True)
class Held:
    """Where a subscription is. As text it is a product's reference: neither of the two holds a slash."""

    access_id: str
    subscription_id: str

    def __str__(self) -> str:
        return f"{self.access_id}/{self.subscription_id}"

    @classmethod
    def of(cls, ref: str) -> "Held | None":
        """The reverse; None for what is no such reference."""
        access_id, slash, subscription_id = ref.partition("/")
        return cls(access_id, subscription_id) if slash and is_id(access_id) and is_id(subscription_id) else None


class SubscriptionBook:
    """Where to look for the subscriptions of a customer, or of an order; never what they are like."""

    def __init__(self, reading: Reading) -> None:
        self._list = ChangingList("subscriptions/", reading.now, self._take, self._clear)
        self._accesses: dict[str, set[str]] = {}
        self._by_key: dict[str, Held] = {}

    async def accesses_of(self, reference: str, area: Area) -> Sequence[str]:
        """Where the customer has, or had, subscriptions. Raises: Unavailable, ContractBroken."""
        await self._list.catch_up(area)
        return sorted(self._accesses.get(reference, ()))

    async def by_key(self, reference: str, area: Area) -> Held | None:
        """The subscription that an order of that reference made. Raises: Unavailable, ContractBroken."""
        await self._list.catch_up(area)
        return self._by_key.get(reference)

    def _clear(self) -> None:
        self._accesses.clear()
        self._by_key.clear()

    def _take(self, row: Row) -> None:
        access_id = text(row, "accessId") or ""
        if not is_id(access_id):
            return
        for each in parts(row, "subscriptions"):
            if (customer := text(each, "spReference")) is not None:
                self._accesses.setdefault(customer, set()).add(access_id)
            key, subscription_id = text(each, "spSubscriptionId"), text(each, "subscriptionId") or ""
            if key is not None and is_id(subscription_id):
                self._by_key[key] = Held(access_id, subscription_id)


async def subscriptions_at(access_id: str, area: Area) -> Sequence[Row]:
    """Those that are there now; none at an access that is gone. Raises: Unavailable, ContractBroken."""
    row = await area.find(f"subscriptions/{access_id}", Answer.row)
    return parts(row or {}, "subscriptions")


async def subscription(held: Held, area: Area) -> Row | None:
    """One as it is now. Raises: Unavailable, ContractBroken."""
    rows = await subscriptions_at(held.access_id, area)
    return next((row for row in rows if text(row, "subscriptionId") == held.subscription_id), None)
