"""Keeps what was read, by how much room it takes; what was asked for longest ago goes first."""

from collections import OrderedDict
from typing import Generic, TypeVar

T = TypeVar("T")


class Shelf(Generic[T]):
    """Things by a key, each with its size: at most `most` things, of at most `room` in all."""

    def __init__(self, most: int, room: int) -> None:
        self._most, self._room = most, room
        self._taken = 0
        self._kept: OrderedDict[str, tuple[T, int]] = OrderedDict()

    def __contains__(self, key: str) -> bool:
        return key in self._kept

    def get(self, key: str) -> T | None:
        """The thing of that key; None where it is not kept (any more)."""
        found = self._kept.get(key)
        if found is None:
            return None
        self._kept.move_to_end(key)
        return found[0]

    def keep(self, key: str, thing: T, size: int) -> None:
        """Keeps it; one that is larger than the whole shelf is not kept."""
        self._taken += size - self._kept.pop(key, (thing, 0))[1]
        self._kept[key] = (thing, size)
        while len(self._kept) > self._most or self._taken > self._room:
            self._taken -= self._kept.popitem(last=False)[1][1]
