"""Measures a document before it is validated, in a time that its own size bounds."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    Node,
    OperationDefinitionNode,
    SelectionSetNode,
)


@dataclass(frozen=True, slots=True)
class DocumentBounds:
    """What a document may be at most; the longer ones are not kept.

    `fields` counts a fragment's wherever it is spread: a few that spread each other stand for millions. `pairs` of
    fields of one name, or of fragments, at one place: the validation compares each with each.
    """

    tokens: int = 4000
    depth: int = 16
    aliases: int = 100
    fields: int = 2000
    pairs: int = 5000
    kept: int = 512
    kept_length: int = 20_000


@dataclass(slots=True)
class Spread:
    """What a document comes to with its fragments spread; counted no further than just beyond the bounds."""

    fields: int = 0
    pairs: int = 0

    def is_within(self, bounds: DocumentBounds) -> bool:
        return self.fields <= bounds.fields and self.pairs <= bounds.pairs


class Measured:
    """How deep and how wide a document is, through its fragments; also for one that is not valid."""

    def __init__(self, document: DocumentNode) -> None:
        definitions = document.definitions
        self._fragments: Mapping[str, FragmentDefinitionNode] = {
            each.name.value: each for each in definitions if isinstance(each, FragmentDefinitionNode)
        }
        self._operations = [each for each in definitions if isinstance(each, OperationDefinitionNode)]
        self.aliases = sum(_aliases(each) for each in definitions)

    def depth(self, bound: int) -> int:
        """The number of fields in each other, counted no further than one beyond the bound."""
        deepest = 0
        reached: dict[str, int] = {}
        left: list[tuple[Node, int]] = [(each, 0) for each in self._operations]
        while left and deepest <= bound:
            node, depth = left.pop()
            deepest = max(deepest, depth)
            if isinstance(node, FragmentSpreadNode):
                name = node.name.value
                if name in self._fragments and reached.get(name, -1) < depth:
                    reached[name] = depth
                    left.append((self._fragments[name], depth))
                continue
            chosen = getattr(node, "selection_set", None)
            below = chosen.selections if chosen else ()
            left.extend((each, depth + 1 if each.kind == "field" else depth) for each in below)
        return deepest

    def spread(self, bounds: DocumentBounds) -> Spread:
        """What is left to run when fragments are spread and fields of one name are merged.

        Fragments that nothing spreads are counted too: the validation reads them.
        """
        found = Spread()
        unread = dict(self._fragments)
        left: list[tuple[SelectionSetNode, ...]] = [(each.selection_set,) for each in self._operations]
        while (left or unread) and found.is_within(bounds):
            fields, fragments = self._level(left.pop() if left else (unread.popitem()[1].selection_set,))
            for name in fragments:
                unread.pop(name, None)
            found.fields += len(fields)
            found.pairs += _pairs(len(fragments))
            for same in _by_name(fields):
                found.pairs += _pairs(len(same))
                below = tuple(each.selection_set for each in same if each.selection_set)
                left.extend([below] if below else [])
        return found

    def _level(self, places: Sequence[SelectionSetNode]) -> tuple[list[FieldNode], set[str]]:
        """The fields at one place, and the fragments that are spread there."""
        fields: list[FieldNode] = []
        spread: set[str] = set()
        left: list[SelectionSetNode] = list(places)
        while left:
            for each in left.pop().selections:
                if isinstance(each, FieldNode):
                    fields.append(each)
                elif not isinstance(each, FragmentSpreadNode):
                    left.append(each.selection_set)  # type: ignore[attr-defined]
                elif each.name.value in self._fragments and each.name.value not in spread:
                    spread.add(each.name.value)
                    left.append(self._fragments[each.name.value].selection_set)
        return fields, spread


def _pairs(count: int) -> int:
    return count * (count - 1) // 2


def _by_name(fields: Sequence[FieldNode]) -> Iterable[list[FieldNode]]:
    found: dict[str, list[FieldNode]] = {}
    for each in fields:
        found.setdefault((each.alias or each.name).value, []).append(each)
    return found.values()


def _aliases(definition: Node) -> int:
    found = 0
    left: list[Node] = [definition]
    while left:
        node = left.pop()
        found += getattr(node, "alias", None) is not None
        chosen = getattr(node, "selection_set", None)
        left.extend(chosen.selections if chosen else ())
    return found
