"""Under which names operations are counted: few enough that nobody can fill the memory with made-up ones."""

from collections.abc import Iterable

ANONYMOUS = "anonymous"
OTHER = "other"
NAME_LENGTH = 64


class OperationNames:
    """The names of trusted documents, and the first `most` others; whatever comes then is `other`.

    Half of the places are for callers who are signed in: who is nobody can't take them all.
    """

    def __init__(self, most: int = 100) -> None:
        self._left = {True: most - most // 2, False: most // 2}
        self._known: dict[str | None, str] = {None: ANONYMOUS, "": ANONYMOUS}

    def trust(self, names: Iterable[str]) -> None:
        """Keeps a place for these, however many there are."""
        self._known.update((name, name[:NAME_LENGTH]) for name in names)

    def label(self, name: str | None, *, is_signed_in: bool = True) -> str:
        """The name to count by. To be asked of documents that are valid alone: a first name keeps its place."""
        found = self._known.get(name)
        return found if found is not None else self._new(name or "", is_signed_in)

    def _new(self, name: str, is_signed_in: bool) -> str:
        if self._left[is_signed_in] <= 0 or len(name) > NAME_LENGTH:
            return OTHER
        self._left[is_signed_in] -= 1
        self._known[name] = name
        return name
