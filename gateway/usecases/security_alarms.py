"""Alarms: each security event is held against the rules once, and what they say is an event of its own."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import replace

from uuid_utils import uuid7

from gateway.domain.alarm_rules import AlarmRule, Condition, CountedBy
from gateway.domain.engagement import Notification
from gateway.domain.identity import own_id
from gateway.domain.security import NewSecurityEvent, SecurityEvent, SecurityEventKind, network_of
from gateway.ports import UnitOfWork
from gateway.ports.security import SECURITY_TOPIC, SecurityEventFilter
from gateway.usecases.core import Core

BATCH = 100
SWEEP_S = 15.0
# What comes at about the same moment is judged in one transaction: an alarm may be that late.
GATHER_S = 0.25
NOTIFICATION = "SECURITY_ALARM"
_log = logging.getLogger("gateway.alarms")


async def raise_alarms(core: Core, rules: Sequence[AlarmRule]) -> None:
    """Holds the events against the rules as they come, until it is cancelled.

    An alarm, the customer's notice of it and the place up to which events were judged are one transaction: after a
    crash it goes on where it was, without a gap or a repeat, and several processes take turns.
    """
    with core.wakeups.listen(SECURITY_TOPIC) as waiter:
        while True:
            while await _judge_some(core, rules):
                pass
            await waiter.wait(SWEEP_S)
            await asyncio.sleep(GATHER_S)


async def _judge_some(core: Core, rules: Sequence[AlarmRule]) -> bool:
    """Whether there may be more. Nothing is locked where there is nothing new."""
    async with core.storage.reading() as unit:
        if (await unit.security_events.head()).sequence <= await unit.security_events.judged():
            return False
    async with core.storage.writing() as unit:
        last = await unit.security_events.take_judged()
        events = await unit.security_events.after(SecurityEventFilter(), last, BATCH)
        raised: set[tuple[str, str | None]] = set()
        for event in events:
            for rule in rules:
                key = (rule.code, _whose(rule, event))
                if key not in raised and await _applies(unit, rule, event):
                    raised.add(key)
                    await _raise(unit, rule, event)
        if events:
            await unit.security_events.set_judged(events[-1].sequence)
    return len(events) == BATCH


def _whose(rule: AlarmRule, event: SecurityEvent) -> str | None:
    """Whom a threshold is reached for; the event itself where each raises an alarm of its own."""
    if rule.condition is not Condition.THRESHOLD:
        return event.id
    return event.actor_id if rule.by is CountedBy.ACTOR else event.address


async def _applies(unit: UnitOfWork, rule: AlarmRule, event: SecurityEvent) -> bool:
    if event.kind not in rule.kinds:
        return False
    if rule.condition is Condition.EACH:
        return True
    if rule.condition is Condition.NEW_NETWORK:
        return await _is_new_network(unit, event)
    if rule.condition is Condition.NEW_DEVICE:
        return await _is_new_device(unit, event)
    return await _is_reached(unit, rule, event)


async def _is_new_network(unit: UnitOfWork, event: SecurityEvent) -> bool:
    if event.actor_id is None or event.address is None:
        return False
    known = await unit.security_events.networks(event.actor_id, event.sequence)
    return bool(known) and network_of(event.address) not in known


async def _is_new_device(unit: UnitOfWork, event: SecurityEvent) -> bool:
    """The device stands with the session alone: the trail holds no text that a client has chosen."""
    session = await unit.accounts.session(event.params.get("session", ""))
    if session is None or session.device is None:
        return False
    known = await unit.accounts.devices_before(session)
    return bool(known) and session.device not in known


async def _is_reached(unit: UnitOfWork, rule: AlarmRule, event: SecurityEvent) -> bool:
    whose = _whose(rule, event)
    if whose is None:
        return False
    since = event.occurred_at - rule.within
    is_of_actor = rule.by is CountedBy.ACTOR
    is_theirs = SecurityEventFilter(
        since=since, actor_id=whose if is_of_actor else None, address=None if is_of_actor else whose
    )
    counted = replace(is_theirs, kinds=rule.kinds)
    if await unit.security_events.count(counted, event.sequence) < rule.times:
        return False
    raised = replace(is_theirs, kinds=[SecurityEventKind.ALARM])
    before = await unit.security_events.before(raised, None, BATCH)
    return all(each.params.get("rule") != rule.code for each in before)


async def _raise(unit: UnitOfWork, rule: AlarmRule, event: SecurityEvent) -> None:
    params = {"rule": rule.code, "event": event.id, "kind": event.kind}
    # What an address did to several accounts is no single customer's.
    is_of_many = rule.condition is Condition.THRESHOLD and rule.by is CountedBy.ADDRESS
    customer_id = None if is_of_many else event.customer_id
    who = (None, None, None) if is_of_many else (event.actor_id, customer_id, event.subject)
    alarm = NewSecurityEvent(SecurityEventKind.ALARM, event.occurred_at, *who, params, event.address)
    await unit.security_events.record(alarm)
    _log.error("security-alarm rule=%s event=%s", rule.code, event.id, extra={"alarm": rule.code, "event": event.id})
    if customer_id and await unit.security_events.has_customer(customer_id):
        await unit.notifications.add(
            Notification(
                own_id("Notification", str(uuid7())),
                customer_id,
                event.occurred_at,
                NOTIFICATION,
                {"rule": rule.code},
            )
        )
