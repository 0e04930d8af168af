"""What an operation costs before it is run: compiled once, then told for any variables in no time.

A field costs its weight, an object 1, a value nothing; what lies in a list counts as often as the list is long. An
abstract type costs what its dearest kind does. Fields of one name in the answer are one; each alias is one of its own.
The cheapest operation costs 1: none is free to be sent without end.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple, TypeAlias

from graphql import (
    BooleanValueNode,
    DirectiveNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    ObjectValueNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
    Undefined,
    ValueNode,
    VariableNode,
    get_named_type,
    is_abstract_type,
    is_leaf_type,
    value_from_ast_untyped,
)

from gateway.api.operations.amounts import Amount, Variables, greatest, rows, rows_of_variable, times, total
from gateway.api.operations.measuring import nodes_of
from gateway.api.operations.tariff import FieldTariff, Tariff

DEAREST = 10**15
"""The cost of all that costs more, or takes too long to compile."""
_STEPS = 20_000
# Of variables in @skip and @include: for more of them all that they decide about is counted.
_CONDITIONS = 4

Places: TypeAlias = tuple[SelectionSetNode, ...]
Sizes: TypeAlias = tuple[tuple[str, Amount], ...]


def compile_cost(schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode) -> "OperationCost":
    """The cost of that operation of a valid document within its bounds."""
    return OperationCost(schema, document, operation)


class OperationCost:
    """The cost of one operation, whatever the variables."""

    def __init__(self, schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode) -> None:
        self._schema, self._operation = schema, operation
        self._fragments = {
            each.name.value: each for each in document.definitions if isinstance(each, FragmentDefinitionNode)
        }
        self._defaults = {
            each.variable.name.value: None if each.default_value is None else value_from_ast_untyped(each.default_value)
            for each in operation.variable_definitions or ()
        }
        conditions = _conditions(document) & self._defaults.keys()
        self._conditions = sorted(conditions) if len(conditions) <= _CONDITIONS else []
        self._amounts: dict[tuple[bool | None, ...], Amount] = {}

    def of(self, variables: Variables | None = None) -> int:
        """The cost with these variables, as they were sent. Wrong ones cost the most: they are refused later."""
        given = variables or {}
        decided = tuple(_decided(given.get(each, self._defaults[each])) for each in self._conditions)
        amount = self._amounts.get(decided)
        if amount is None:
            amount = self._amounts[decided] = self._compiled(dict(zip(self._conditions, decided, strict=True)))
        return max(1, min(amount if isinstance(amount, int) else amount(given), DEAREST))

    def _compiled(self, decided: Mapping[str, bool | None]) -> Amount:
        compiler = _Compiler(self._schema, self._fragments, self._defaults, decided)
        root = self._schema.get_root_type(self._operation.operation)
        try:
            cost = compiler.object_of(root, (self._operation.selection_set,)) if root else _NOTHING
        except (_TooLarge, RecursionError):
            return DEAREST
        return total([cost.once, cost.each])


class _TooLarge(Exception):
    """It takes more steps than it may."""


class _Cost(NamedTuple):
    """`each` counts in every row of the lists around; `once` does not: it is asked for all rows together."""

    once: int
    each: Amount


_NOTHING = _Cost(0, 0)


class _Compiler:
    """Compiles one operation, as the variables of its @skip and @include were decided."""

    def __init__(
        self,
        schema: GraphQLSchema,
        fragments: Mapping[str, FragmentDefinitionNode],
        defaults: Mapping[str, Any],
        decided: Mapping[str, bool | None],
    ) -> None:
        self._schema, self._tariff = schema, _tariff(schema)
        self._fragments, self._defaults, self._decided = fragments, defaults, decided
        self._known: dict[tuple[str, tuple[int, ...], Sizes], _Cost] = {}
        self._left = _STEPS

    def object_of(self, kind: GraphQLObjectType, places: Places, sizes: Sizes = ()) -> _Cost:
        """The fields that are asked of an object at these places; `sizes` are of those that its holder has sized."""
        # Kinds of an interface lead to the same places: what was compiled once is not compiled again.
        key = (kind.name, tuple(map(id, places)), sizes)
        if key not in self._known:
            found = [self._field(kind, nodes, dict(sizes)) for nodes in self._fields(kind, places)]
            self._known[key] = _Cost(sum(each.once for each in found), total(each.each for each in found))
        return self._known[key]

    def _of_any(self, kind: GraphQLNamedType, places: Places, sizes: Sizes) -> _Cost:
        if isinstance(kind, GraphQLObjectType):
            return self.object_of(kind, places, sizes)
        if not is_abstract_type(kind):
            return _NOTHING
        found = [self.object_of(each, places, sizes) for each in self._schema.get_possible_types(kind)]
        return _Cost(max(each.once for each in found), greatest(each.each for each in found))

    def _field(self, kind: GraphQLObjectType, nodes: Sequence[FieldNode], sizes: Mapping[str, Amount]) -> _Cost:
        node, name = nodes[0], nodes[0].name.value
        asked = self._schema.get_field(kind, name)
        if asked is None:
            return _NOTHING
        tariff, named = self._tariff.of(kind, name, asked), get_named_type(asked.type)
        size = self._size(tariff, asked, node)
        below = self._of_any(
            named,
            tuple(each.selection_set for each in nodes if each.selection_set),
            tuple((each, size) for each in tariff.sized_fields),
        )
        length = sizes.get(name, size if tariff.is_list else 1)
        each = times(length, total([0 if is_leaf_type(named) else 1, below.each]))
        weight = 0 if tariff.is_batched else tariff.weight
        values = [times(self._slice(path, asked, node, 0), value) for path, value in tariff.values.items()]
        return _Cost(tariff.weight - weight + below.once, total([weight, *values, each]))

    def _size(self, tariff: FieldTariff, asked: GraphQLField, node: FieldNode) -> Amount:
        if not tariff.sliced_by:
            return tariff.size
        return greatest(self._slice(path, asked, node, tariff.size) for path in tariff.sliced_by)

    def _slice(self, path: str, asked: GraphQLField, node: FieldNode, assumed: int) -> Amount:
        """The rows that an argument asks for, or what lies in it at the end of the path."""
        name, *keys = path.split(".")
        default = asked.args[name].default_value
        default = None if default is Undefined else default
        given: ValueNode | None = next((each.value for each in node.arguments or () if each.name.value == name), None)
        if given is None:
            return rows(_inside(default, keys), assumed)
        while keys and isinstance(given, ObjectValueNode):
            key = keys.pop(0)
            given = next((each.value for each in given.fields if each.name.value == key), None)
        if isinstance(given, VariableNode):
            of_variable = self._defaults.get(given.name.value)
            return rows_of_variable(
                given.name.value, tuple(keys), default if of_variable is None else of_variable, assumed
            )
        return rows(None if given is None else value_from_ast_untyped(given), assumed)

    def _fields(self, kind: GraphQLObjectType, places: Places) -> Iterable[Sequence[FieldNode]]:
        """What is asked of an object of that kind, by its name in the answer."""
        found: dict[str, list[FieldNode]] = {}
        spread: set[str] = set()
        left = list(places)
        while left:
            for each in left.pop().selections:
                self._left -= 1
                if self._left < 0:
                    raise _TooLarge
                if self._is_skipped(each):
                    continue
                if isinstance(each, FieldNode):
                    found.setdefault((each.alias or each.name).value, []).append(each)
                else:
                    left.extend(self._spread(each, kind, spread))
        return found.values()

    def _spread(self, node: SelectionNode, kind: GraphQLObjectType, spread: set[str]) -> Iterable[SelectionSetNode]:
        """What a fragment has for an object of that kind; one that was spread here already has nothing more."""
        fragment: Any = node
        if isinstance(node, FragmentSpreadNode):
            name = node.name.value
            if name in spread or name not in self._fragments:
                return ()
            spread.add(name)
            fragment = self._fragments[name]
        condition = fragment.type_condition
        return (fragment.selection_set,) if condition is None or self._is_of(kind, condition.name.value) else ()

    def _is_of(self, kind: GraphQLObjectType, name: str) -> bool:
        condition = self._schema.get_type(name)
        return condition is kind or (is_abstract_type(condition) and self._schema.is_sub_type(condition, kind))

    def _is_skipped(self, node: SelectionNode) -> bool:
        """Whether it is surely left out."""
        return any(
            self._is_true(each) is (each.name.value == "skip")
            for each in node.directives or ()
            if each.name.value in _DECIDING
        )

    def _is_true(self, directive: DirectiveNode) -> bool | None:
        value = directive.arguments[0].value if directive.arguments else None
        if isinstance(value, BooleanValueNode):
            return value.value
        return self._decided.get(value.name.value) if isinstance(value, VariableNode) else None


_DECIDING = {"skip", "include"}


@lru_cache(maxsize=4)
def _tariff(schema: GraphQLSchema) -> Tariff:
    return Tariff(schema)


def _conditions(document: DocumentNode) -> set[str]:
    """The variables that decide whether something is asked."""
    deciding = (each for each in nodes_of(document) if isinstance(each, DirectiveNode) and each.name.value in _DECIDING)
    values = (argument.value for each in deciding for argument in each.arguments or ())
    return {each.name.value for each in values if isinstance(each, VariableNode)}


def _decided(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None


def _inside(value: Any, keys: Sequence[str]) -> Any:
    for key in keys:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value
