"""Measures a document before it is validated, in a time that its own size bounds."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from graphql import (
    DirectiveNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    ListValueNode,
    Node,
    OperationDefinitionNode,
    SelectionSetNode,
)

from gateway.api.operations.bounds import LONG_LIST, TOO_DEEP, DocumentBounds, too_complex


def refusal_of(document: DocumentNode, bounds: DocumentBounds) -> GraphQLError | None:
    """The refusal by the first bound that the document is beyond; None for one within all of them."""
    measured = Measured(document, bounds)
    for bound in BOUNDS:
        maximum: int = getattr(bounds, bound.name)
        found = bound.measure(measured)
        if found > maximum:
            message = bound.message.format(maximum=maximum, found=found)
            return too_complex(message, bound.shown, maximum, found if bound.is_exact else None)
    return None


@dataclass(slots=True)
class _Spread:
    """What a document comes to with its fragments spread; counted no further than just beyond the bounds."""

    fields: int = 0
    pairs: int = 0

    def is_within(self, bounds: DocumentBounds) -> bool:
        return self.fields <= bounds.fields and self.pairs <= bounds.pairs


class Measured:
    """How deep and how wide a document is, through its fragments; also for one that is not valid."""

    def __init__(self, document: DocumentNode, bounds: DocumentBounds) -> None:
        self._bounds = bounds
        definitions = document.definitions
        self._fragments: Mapping[str, FragmentDefinitionNode] = {
            each.name.value: each for each in definitions if isinstance(each, FragmentDefinitionNode)
        }
        self._operations = [each for each in definitions if isinstance(each, OperationDefinitionNode)]
        self.aliases = self.directives = self.longest_list = 0
        for each in nodes_of(document):
            self._count(each)

    def _count(self, node: Node) -> None:
        if isinstance(node, FieldNode):
            self.aliases += node.alias is not None
        elif isinstance(node, DirectiveNode):
            self.directives += 1
        elif isinstance(node, ListValueNode):
            self.longest_list = max(self.longest_list, len(node.values))

    def root_fields(self) -> int:
        """How many fields the widest operation starts with; those of one name in an answer are one."""
        levels = (self._level([each.selection_set])[0] for each in self._operations)
        return max((len(_by_name(fields)) for fields in levels), default=0)

    def depth(self) -> int:
        """The number of fields in each other, counted no further than one beyond the bound."""
        deepest, bound = 0, self._bounds.depth
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

    @cached_property
    def spread(self) -> _Spread:
        """What is left to run when fragments are spread and fields of one name are merged.

        Fragments that nothing spreads are counted too: the validation reads them.
        """
        found = _Spread()
        unread = dict(self._fragments)
        left: list[tuple[SelectionSetNode, ...]] = [(each.selection_set,) for each in self._operations]
        while (left or unread) and found.is_within(self._bounds):
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


def _by_name(fields: Sequence[FieldNode]) -> Collection[list[FieldNode]]:
    found: dict[str, list[FieldNode]] = {}
    for each in fields:
        found.setdefault((each.alias or each.name).value, []).append(each)
    return found.values()


def nodes_of(document: DocumentNode) -> Iterator[Node]:
    """Every node of the document once, a fragment's too."""
    left: list[Node] = [document]
    while left:
        node = left.pop()
        yield node
        for key in node.keys:
            below = getattr(node, key, None)
            left.extend([below] if isinstance(below, Node) else below if isinstance(below, list | tuple) else ())


@dataclass(frozen=True, slots=True)
class Bound:
    """A bound by its name in `DocumentBounds` and as it is shown; measuring that is not exact stops just beyond it."""

    name: str
    shown: str
    message: str
    measure: Callable[[Measured], int]
    is_exact: bool = True


# The first ones are cheap; the number of root fields is counted only where the spreading is known to end.
BOUNDS = (
    Bound("aliases", "aliases", "{found} aliases; at most {maximum} may be used.", lambda each: each.aliases),
    Bound(
        "directives", "directives", "{found} directives; at most {maximum} may be used.", lambda each: each.directives
    ),
    Bound("list_size", "listSize", LONG_LIST, lambda each: each.longest_list),
    Bound("depth", "depth", TOO_DEEP, Measured.depth, is_exact=False),
    Bound(
        "fields",
        "fields",
        "More than {maximum} fields, with those of fragments wherever spread.",
        lambda each: each.spread.fields,
        is_exact=False,
    ),
    Bound(
        "pairs",
        "pairs",
        "More than {maximum} pairs of fields of one name, or of fragments, at one place.",
        lambda each: each.spread.pairs,
        is_exact=False,
    ),
    Bound(
        "root_fields",
        "rootFields",
        "An operation of {found} root fields; at most {maximum} may be asked at once.",
        Measured.root_fields,
    ),
)
