"""Who may do what: granted and taken back by a manager alone, at once, and each with a security event.

A service user is granted nothing: a member who may do something enables it for them, as far as it changes nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from uuid_utils import uuid7

from gateway.domain.authorizations import (
    CHANGES_NOTHING,
    OF_THE_WHOLE,
    Authorization,
    AuthorizationScope,
    EnabledFunction,
    ProductScope,
)
from gateway.domain.errors import AccessError, Problem, RequestError
from gateway.domain.identity import own_id
from gateway.domain.parties import Caller, MemberRole
from gateway.domain.security import NewSecurityEvent, SecurityEventKind
from gateway.ports import UnitOfWork
from gateway.ports.authorizations import KeptAuthorization
from gateway.usecases import policy
from gateway.usecases.actors import actor_topic, as_kept
from gateway.usecases.authorization_inputs import (
    ChangeAuthorization,
    EnableFunction,
    GrantAuthorization,
    function_problems,
    not_found,
    period_problems,
    read_conditions,
    read_scope,
)
from gateway.usecases.core import Core
from gateway.usecases.inventory import find_products

AUTHORIZATIONS_PER_MEMBER = 100
ENABLED_PER_MEMBER = 100


async def grant_authorization(core: Core, caller: Caller, given: GrantAuthorization) -> Authorization:
    """Lets an authorized user do something, at once; the same again answers the one that is there.

    Raises: RequestError CUSTOMER_REQUIRED, NOT_FOUND, NOT_AN_AUTHORIZED_USER, FUNCTIONS_MISSING, NEEDS_EVERYTHING,
    EMPTY_SCOPE, TOO_MANY_VALUES, INVALID_PERIOD, INVALID_AMOUNT, CURRENCY_MISMATCH, UNKNOWN_TIME_ZONE, INVALID_HOURS,
    TOO_MANY_AUTHORIZATIONS; AccessError for who is no manager.
    """
    customer_id = policy.customer_of(caller, given.customer_id, "customerId")
    policy.require_manager(caller, customer_id)
    now = core.clock.now()
    scope, conditions = read_scope(core, given.scope), read_conditions(given.conditions)
    start = given.valid_from or now
    problems = [*function_problems(given.functions, scope), *period_problems(start, given.valid_until, now)]
    if problems:
        raise RequestError(*problems)
    await _check_products(core, caller, customer_id, scope)
    functions = tuple(dict.fromkeys(given.functions))
    asked = Authorization(_new_id("Authorization"), functions, scope, start, given.valid_until, conditions)
    async with core.storage.writing() as unit:
        await unit.members.hold(customer_id)
        caller = await as_kept(unit, caller)
        policy.require_manager(caller, customer_id)
        await _check_role(unit, customer_id, given.actor_id, MemberRole.AUTHORIZED_USER, "NOT_AN_AUTHORIZED_USER")
        known = await unit.authorizations.of_member(customer_id, given.actor_id)
        same = next((each.authorization for each in known if _is_same(each.authorization, asked, given, now)), None)
        if same is not None:
            return same
        if len(known) >= AUTHORIZATIONS_PER_MEMBER:
            raise RequestError.at("TOO_MANY_AUTHORIZATIONS", "actorId", maximum=str(AUTHORIZATIONS_PER_MEMBER))
        kept = KeptAuthorization(customer_id, given.actor_id, asked, _actor_id(caller), now)
        await unit.authorizations.add(kept)
        await _told(unit, caller, SecurityEventKind.AUTHORIZATION_GRANTED, kept, now)
    return asked


def _is_same(one: Authorization, asked: Authorization, given: GrantAuthorization, now: datetime) -> bool:
    """Whether they allow the same: one that began already is the same as one that is to begin now."""
    has_begun = given.valid_from is None and one.valid_from <= now
    start = one.valid_from if has_begun else asked.valid_from
    return replace(asked, id=one.id, valid_from=start) == one


async def change_authorization(core: Core, caller: Caller, given: ChangeAuthorization) -> Authorization:
    """Changes what it allows, or until when or how far, at once; what was spent under it stays counted.

    Raises: RequestError NOT_FOUND, AUTHORIZATION_REVOKED, FUNCTIONS_MISSING, NEEDS_EVERYTHING, INVALID_PERIOD,
    INVALID_AMOUNT, CURRENCY_MISMATCH, UNKNOWN_TIME_ZONE, INVALID_HOURS; AccessError for who is no manager.
    """
    policy.check(caller, policy.Access.SIGNED_IN)
    now = core.clock.now()
    async with core.storage.writing() as unit:
        kept = await _managed(unit, caller, given.authorization_id)
        if kept.revoked_at is not None:
            raise RequestError.at("AUTHORIZATION_REVOKED", "authorizationId")
        before = kept.authorization
        after = replace(
            before,
            functions=before.functions if given.functions is None else tuple(dict.fromkeys(given.functions)),
            valid_until=given.valid_until or before.valid_until,
            conditions=before.conditions if given.conditions is None else read_conditions(given.conditions),
        )
        problems = list(function_problems(after.functions, after.scope))
        if given.valid_until is not None:
            problems += period_problems(after.valid_from, after.valid_until, now)
        if problems:
            raise RequestError(*problems)
        if after != before:
            kept = replace(kept, authorization=after)
            await unit.authorizations.save(kept)
            await _told(unit, caller, SecurityEventKind.AUTHORIZATION_CHANGED, kept, now)
    return after


async def revoke_authorization(core: Core, caller: Caller, authorization_id: str) -> KeptAuthorization:
    """Takes it back at once, on open streams too; again is harmless.

    Raises: RequestError NOT_FOUND; AccessError for who is no manager.
    """
    policy.check(caller, policy.Access.SIGNED_IN)
    now = core.clock.now()
    async with core.storage.writing() as unit:
        kept = await _managed(unit, caller, authorization_id)
        if kept.revoked_at is None:
            kept = replace(kept, revoked_at=now)
            await unit.authorizations.save(kept)
            await _told(unit, caller, SecurityEventKind.AUTHORIZATION_REVOKED, kept, now)
    return kept


async def enable_function(core: Core, caller: Caller, given: EnableFunction) -> EnabledFunction:
    """Lets a service user use one function that the caller holds, for as long as the caller does; again is harmless.

    Raises: RequestError CUSTOMER_REQUIRED, NOT_FOUND, NOT_A_SERVICE_USER, NOT_ENABLEABLE, NEEDS_EVERYTHING,
    TOO_MANY_FUNCTIONS, and a refusal's codes; AccessError for a service user.
    """
    customer_id = policy.customer_of(caller, given.customer_id, "customerId")
    policy.require_no_service_user(caller, customer_id)
    _check_enableable(given)
    _check_holds(caller, customer_id, given)
    if given.product_id is not None:
        await _check_product(core, caller, customer_id, given.product_id)
    now = core.clock.now()
    async with core.storage.writing() as unit:
        await unit.members.hold(customer_id)
        caller = await as_kept(unit, caller)
        policy.require_no_service_user(caller, customer_id)
        _check_holds(caller, customer_id, given)
        await _check_role(unit, customer_id, given.actor_id, MemberRole.SERVICE_USER, "NOT_A_SERVICE_USER")
        known = await unit.authorizations.enabled_for(customer_id, given.actor_id)
        enabled = EnabledFunction(_new_id("EnabledFunction"), given.function, given.product_id, _actor_id(caller), now)
        same = next((each for each in known if _is_of(each, given) and each.enabled_by == enabled.enabled_by), None)
        if same is not None:
            return same
        if len(known) >= ENABLED_PER_MEMBER:
            raise RequestError.at("TOO_MANY_FUNCTIONS", "actorId", maximum=str(ENABLED_PER_MEMBER))
        await unit.authorizations.enable(customer_id, given.actor_id, enabled)
        await _told_of_function(unit, caller, SecurityEventKind.FUNCTION_ENABLED, customer_id, given, now)
    return enabled


async def disable_function(core: Core, caller: Caller, given: EnableFunction) -> Sequence[str]:
    """Takes back what the caller enabled; a manager, what anybody did. The ids of what is gone; none is harmless.

    Raises: RequestError CUSTOMER_REQUIRED, NOT_FOUND; AccessError for a service user.
    """
    customer_id = policy.customer_of(caller, given.customer_id, "customerId")
    now = core.clock.now()
    async with core.storage.writing() as unit:
        await unit.members.hold(customer_id)
        caller = await as_kept(unit, caller)
        policy.customer_of(caller, customer_id, "customerId")
        policy.require_no_service_user(caller, customer_id)
        if await unit.members.of_actor(customer_id, given.actor_id) is None:
            raise RequestError.at("NOT_FOUND", "actorId")
        is_manager, own = policy.manages(caller, customer_id), _actor_id(caller)
        known = await unit.authorizations.enabled_for(customer_id, given.actor_id)
        gone = [each.id for each in known if _is_of(each, given) and (is_manager or each.enabled_by == own)]
        for each in gone:
            await unit.authorizations.disable(customer_id, given.actor_id, each)
        if gone:
            await _told_of_function(unit, caller, SecurityEventKind.FUNCTION_DISABLED, customer_id, given, now)
    return gone


async def authorizations_of(
    core: Core, caller: Caller, customer_id: str, actor_ids: Sequence[str]
) -> Mapping[str, Sequence[Authorization]]:
    """The authorizations of these members by actor; of those alone whom the caller may see them of."""
    seen = [each for each in actor_ids if may_see(caller, customer_id, each)]
    if not seen:
        return {}
    async with core.storage.reading() as unit:
        found = await unit.authorizations.of_members(customer_id, seen)
    return {actor_id: [kept.authorization for kept in found.get(actor_id, ())] for actor_id in seen}


async def enabled_functions_of(
    core: Core, caller: Caller, customer_id: str, actor_ids: Sequence[str]
) -> Mapping[str, Sequence[EnabledFunction]]:
    """What was enabled for these members, by actor, whether or not it counts still; else as `authorizations_of`."""
    seen = [each for each in actor_ids if may_see(caller, customer_id, each)]
    if not seen:
        return {}
    async with core.storage.reading() as unit:
        return {actor_id: await unit.authorizations.enabled_for(customer_id, actor_id) for actor_id in seen}


def may_see(caller: Caller, customer_id: str, actor_id: str) -> bool:
    """Whether the caller may see what that member may do: a manager everybody's, others their own."""
    is_own = caller.actor is not None and caller.actor.id == actor_id and policy.is_member(caller, customer_id)
    return is_own or policy.manages(caller, customer_id)


async def _managed(unit: UnitOfWork, caller: Caller, authorization_id: str) -> KeptAuthorization:
    kept = await unit.authorizations.get(authorization_id, lock=True)
    caller = await as_kept(unit, caller)
    if kept is None or not policy.is_member(caller, kept.customer_id):
        raise RequestError.at("NOT_FOUND", "authorizationId")
    policy.require_manager(caller, kept.customer_id)
    return kept


async def _check_role(unit: UnitOfWork, customer_id: str, actor_id: str, role: MemberRole, code: str) -> None:
    member = await unit.members.of_actor(customer_id, actor_id)
    if member is None:
        raise RequestError.at("NOT_FOUND", "actorId")
    if member.role is not role:
        raise RequestError.at(code, "actorId")


def _check_enableable(given: EnableFunction) -> None:
    if given.function not in CHANGES_NOTHING:
        raise RequestError.at("NOT_ENABLEABLE", "function")
    if given.product_id is not None and given.function in OF_THE_WHOLE:
        raise RequestError.at("NEEDS_EVERYTHING", "productId", functions=given.function)


def _check_holds(caller: Caller, customer_id: str, given: EnableFunction) -> None:
    """On everything, or on that very product by its id."""
    rights = policy.rights(caller, customer_id)
    scopes = rights.scoped.get(given.function, ())
    is_held = any(isinstance(each, ProductScope) and given.product_id in each.product_ids for each in scopes)
    if given.function not in rights.everything and not is_held:
        raise RequestError.at(policy.refusal(caller, customer_id, given.function), "function")


async def _check_products(core: Core, caller: Caller, customer_id: str, scope: AuthorizationScope) -> None:
    if not isinstance(scope, ProductScope):
        return
    unknown = await _unknown_products(core, caller, customer_id, scope.product_ids)
    if missing := not_found([each not in unknown for each in scope.product_ids], "productIds"):
        raise RequestError(*missing)


async def _check_product(core: Core, caller: Caller, customer_id: str, product_id: str) -> None:
    rights = policy.rights(caller, customer_id)
    is_named = any(
        isinstance(scope, ProductScope) and product_id in scope.product_ids
        for scopes in rights.scoped.values()
        for scope in scopes
    )
    if not is_named and await _unknown_products(core, caller, customer_id, (product_id,)):
        raise RequestError.at("NOT_FOUND", "productId")


async def _unknown_products(core: Core, caller: Caller, customer_id: str, ids: Sequence[str]) -> set[str]:
    """Those that neither the customer's orders made nor its providers know; who does not answer is not waited for."""
    async with core.storage.reading() as unit:
        made = await unit.orders.by_products(customer_id, ids)
    left = [each for each in ids if each not in made]
    return set(left) - (await find_products(core, caller, customer_id, left)).keys() if left else set()


def _is_of(enabled: EnabledFunction, given: EnableFunction) -> bool:
    return (enabled.function, enabled.product_id) == (given.function, given.product_id)


def _actor_id(caller: Caller) -> str:
    if caller.actor is None:
        raise AccessError(Problem("UNAUTHENTICATED"))
    return caller.actor.id


def _new_id(type_name: str) -> str:
    return own_id(type_name, str(uuid7()))


async def _told(
    unit: UnitOfWork, caller: Caller, kind: SecurityEventKind, kept: KeptAuthorization, now: datetime
) -> None:
    """Records it, and wakes whoever holds it in memory: the member, and those for whom the member enabled something."""
    held = kept.authorization
    params = {
        "actor": kept.actor_id,
        "functions": " ".join(held.functions),
        "scope": type(held.scope).__name__,
        "limited": str(held.conditions.limits_spending).lower(),
    }
    event = NewSecurityEvent(
        kind, now, _actor_id(caller), kept.customer_id, held.id, params, address=caller.address or None
    )
    await unit.security_events.record(event)
    others = await unit.authorizations.enabled_by(kept.customer_id, kept.actor_id)
    unit.wake(actor_topic(kept.actor_id), *map(actor_topic, others))


async def _told_of_function(
    unit: UnitOfWork, caller: Caller, kind: SecurityEventKind, customer_id: str, given: EnableFunction, now: datetime
) -> None:
    params = {"function": given.function.value} | ({"product": given.product_id} if given.product_id else {})
    address = caller.address or None
    event = NewSecurityEvent(kind, now, _actor_id(caller), customer_id, given.actor_id, params, address=address)
    await unit.security_events.record(event)
    unit.wake(actor_topic(given.actor_id))
