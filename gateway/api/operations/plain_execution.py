"""Executes a selection of plain attributes in one go, without a call of the executor for each of its fields.

What it can't do (a field with a resolver or arguments, a null where none may be, a value that a scalar refuses) it
leaves, object by
object, to the executor, whose answer and errors are the rule: plain attributes can be read twice.
"""

from collections.abc import Callable
from typing import Any, TypeAlias

from graphql import (
    GraphQLAbstractType,
    GraphQLField,
    GraphQLLeafType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    is_abstract_type,
    is_leaf_type,
    is_object_type,
)
from graphql.execution import Executor
from graphql.execution.collect_fields import FieldDetailsList
from graphql.pyutils import Path

from gateway.api.schema.plain import attribute_of

Complete: TypeAlias = Callable[[Any], Any]


def let_go(executor: Executor[Any]) -> None:
    """Lets go of what the executor has made, once it has answered.

    It, and with it the operation's context and all that was loaded for it, would otherwise wait for the collector of
    cycles: most of what a gateway makes. It could still go on; it would make it all anew.
    """
    executor.__dict__.pop("async_helpers", None)
    executor._relevant_sub_fields.clear()
    if isinstance(executor, PlainExecutor):
        executor._plain.clear()


class NotPlain(Exception):
    """The executor must do it."""


_HANDED_BACK = (NotPlain, AttributeError, KeyError, TypeError, ValueError)


class PlainExecutor(Executor[Any]):
    """graphql-core's executor with a shorter way for plain selections."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._plain: dict[tuple[GraphQLObjectType, int], Complete] = {}

    def collect_and_execute_subfields(
        self,
        return_type: GraphQLObjectType,
        field_details_list: FieldDetailsList,
        path: Path,
        result: Any,
        position_context: Any,
    ) -> Any:
        """The object's fields, by the short way where it goes."""
        try:
            return self._complete(return_type, field_details_list)(result)
        except _HANDED_BACK:
            return super().collect_and_execute_subfields(
                return_type, field_details_list, path, result, position_context
            )

    def _complete(self, kind: GraphQLObjectType, details: FieldDetailsList) -> Complete:
        # `collect_subfields` keeps the list alive, so its identity stays its own.
        key = (kind, id(details))
        if key not in self._plain:
            self._plain[key] = self._object(kind, details)
        return self._plain[key]

    def _object(self, kind: GraphQLObjectType, details: FieldDetailsList) -> Complete:
        fields: list[tuple[str, Callable[[Any], Any], Complete]] = []
        for response_name, sub_details in self.collect_subfields(kind, details).grouped_field_set.items():
            name = sub_details[0].node.name.value
            field = self.schema.get_field(kind, name)
            read = _constant(kind.name) if name == "__typename" else _reader(field)
            if field is None or read is None:
                return _hand_back
            fields.append((response_name, read, self._value(field.type, sub_details)))

        def complete(source: Any) -> dict[str, Any]:
            return {response_name: finish(read(source)) for response_name, read, finish in fields}

        return complete

    def _value(self, kind: Any, details: FieldDetailsList) -> Complete:
        if isinstance(kind, GraphQLNonNull):
            return _never_null(self._value_or_null(kind.of_type, details))
        return _or_null(self._value_or_null(kind, details))

    def _value_or_null(self, kind: Any, details: FieldDetailsList) -> Complete:
        if isinstance(kind, GraphQLList):
            return _each(self._value(kind.of_type, details))
        if is_leaf_type(kind):
            return _leaf(kind)
        if is_abstract_type(kind):
            return self._of_any_kind(kind, details)
        return self._complete(kind, details) if is_object_type(kind) else _hand_back

    def _of_any_kind(self, kind: GraphQLAbstractType, details: FieldDetailsList) -> Complete:
        kind_of: Any = kind.resolve_type
        by_name = {each.name: each for each in self.schema.get_possible_types(kind)}

        def complete(value: Any) -> Any:
            return self._complete(by_name[kind_of(value, None, kind)], details)(value)

        return complete


def _hand_back(value: Any) -> Any:
    raise NotPlain


def _constant(value: str) -> Callable[[Any], Any]:
    return lambda _source: value


def _reader(field: GraphQLField | None) -> Callable[[Any], Any] | None:
    return None if field is None or field.args else attribute_of(field)


def _never_null(complete: Complete) -> Complete:
    def check(value: Any) -> Any:
        if value is None:
            raise NotPlain
        return complete(value)

    return check


def _or_null(complete: Complete) -> Complete:
    return lambda value: None if value is None else complete(value)


def _each(complete: Complete) -> Complete:
    def check(values: Any) -> list[Any]:
        if not isinstance(values, list | tuple):
            raise NotPlain
        return [complete(each) for each in values]

    return check


def _leaf(kind: GraphQLLeafType) -> Complete:
    coerce = kind.coerce_output_value

    def check(value: Any) -> Any:
        coerced = coerce(value)
        if coerced is None:
            raise NotPlain
        return coerced

    return check
