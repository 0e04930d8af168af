"""No path leads around the policy: every edge from every root, for callers to whom nothing may be shown."""

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import orjson
import pytest
from graphql import (
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLUnionType,
    get_named_type,
    is_leaf_type,
    is_required_argument,
)

from gateway.api.schema.built import schema
from tests.callers.world import World, a_world

Composite = GraphQLObjectType | GraphQLInterfaceType | GraphQLUnionType
MADE = (
    *("order", "orderItem", "bundle", "item", "notification", "site", "authorization"),
    *("member", "invitation", "contact", "subscriber"),
)
"""What belongs to the manager's customer, and must not be shown."""
ALLOWED = {"FORBIDDEN", "UNAUTHENTICATED", "NOT_FOUND", "BAD_USER_INPUT"}
# A round trip for each kind of object that a root leads to.
DEEPEST = 6


@dataclass(frozen=True)
class Step:
    """A way from a root to a type: what stands before and behind the selection on it."""

    before: str
    behind: str
    kind: Composite
    depth: int

    def on(self, selection: str) -> str:
        return f"{{ {self.before} {{ {selection} }} {self.behind} }}"


def _concrete(kind: Composite) -> Sequence[GraphQLObjectType]:
    return [kind] if isinstance(kind, GraphQLObjectType) else list(schema._schema.get_possible_types(kind))


def _fields(kind: GraphQLObjectType) -> Iterator[tuple[str, GraphQLField, GraphQLNamedType]]:
    for name, field in kind.fields.items():
        if not any(is_required_argument(each) for each in field.args.values()):
            yield name, field, get_named_type(field.type)


def _all_of(kind: GraphQLObjectType) -> str:
    """Every leaf of the type, and of whatever it leads to the name of its type."""
    names = [f"{name}{'' if is_leaf_type(found) else ' { __typename }'}" for name, _, found in _fields(kind)]
    return f"... on {kind.name} {{ __typename {' '.join(names)} }}"


def _next(step: Step) -> Iterator[Step]:
    for each in _concrete(step.kind):
        for name, _, found in _fields(each):
            if isinstance(found, Composite):
                before = f"{step.before} {{ ... on {each.name} {{ {each.name}_{name}: {name}"
                yield Step(before, f"}} }} {step.behind}", found, step.depth + 1)


def _roots(ids: Mapping[str, str]) -> Iterator[Step]:
    query = schema._schema.query_type
    assert query is not None
    for name, field in query.fields.items():
        kind = get_named_type(field.type)
        assert isinstance(kind, Composite)
        if "id" in field.args:
            for each in dict.fromkeys(ids.values()):
                yield Step(f'{name}(id: "{each}")', "", kind, 1)
        elif not any(is_required_argument(each) for each in field.args.values()):
            yield Step(name, "", kind, 1)
    yield Step(f"nodes(ids: {orjson.dumps(list(ids.values())).decode()})", "", schema._schema.type_map["Node"], 1)  # type: ignore[arg-type]


async def _walk(world: World, token: str | None, ids: Mapping[str, str]) -> tuple[str, int]:
    """All that is answered, as one text, and how many questions it took."""
    told, asked = [], 0
    for root in _roots(ids):
        left, seen = deque([root]), {root.kind.name}
        while left:
            step = left.popleft()
            is_there = False
            for kind in _concrete(step.kind):
                answer = await world.gateway.ask(step.on(_all_of(kind)), None, token)
                asked += 1
                told.append(orjson.dumps(answer).decode())
                codes = {each["extensions"]["code"] for each in answer.get("errors", ())}
                assert codes <= ALLOWED, answer["errors"]
                is_there = any((answer.get("data") or {}).values())
                if not is_there:
                    break
            if not is_there or step.depth == DEEPEST:
                continue
            for following in _next(step):
                if following.kind.name not in seen:
                    seen.add(following.kind.name)
                    left.append(following)
    return "\n".join(told), asked


@pytest.mark.requirement("S2", "S3", "R3")
async def test_no_path_from_any_root_leads_to_what_the_caller_may_not_see(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        made = await world.anew([*MADE, "customer", "product", "actor"])

        shown = {caller: await _walk(world, caller, made) for caller in ("manager", "stranger", "without", "service")}
        nobodys = await _walk(world, None, made)

    manager, questions = shown.pop("manager")
    assert {name for name in MADE if made[name] in manager} == set(MADE)
    assert questions > 100
    for caller, (told, _) in {**shown, "nobody": nobodys}.items():
        assert [name for name in MADE if f'"{made[name]}"' in told] == [], caller
