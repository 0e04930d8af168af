"""Mails to people: queued in the transaction of what they tell, sent afterwards, at least once each."""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from uuid_utils import uuid7

from gateway.ports import UnitOfWork
from gateway.ports.mails import Mail, Mailer, MailKind, NotSent, QueuedMail, Undeliverable
from gateway.ports.registrations import SealBroken
from gateway.ports.sign_in import Profile
from gateway.usecases.core import Core

log = logging.getLogger("gateway.mail")

TOPIC = "mails"
LIFETIME = timedelta(days=1)
"""How long sending is tried, where nothing else is asked for."""
SWEEP_S = 5.0
_AT_ONCE = 10
_FIRST_RETRY_S, _LONGEST_RETRY_S = 30.0, 1800.0

Compose = Callable[[str, str, Mapping[str, str]], tuple[str, str]]
"""The subject and the text, of a language, a kind of mail, and its parameters."""


@dataclass(frozen=True, slots=True)
class MailRules:
    """What mails are sent by."""

    compose: Compose
    mailer: Mailer


async def tell_by_mail(
    unit: UnitOfWork,
    core: Core,
    profile: Profile,
    kind: MailKind,
    locale: str,
    lifetime: timedelta = LIFETIME,
    **params: str,
) -> None:
    """Has a mail sent after this transaction's commit; none where the account has no address."""
    if profile.email is None:
        return
    now = core.clock.now()
    content = json.dumps({"recipient": profile.email, "params": {"username": profile.username, **params}})
    sealed = core.onboarding.sealing.seal(content)
    await unit.mails.add(QueuedMail(str(uuid7()), kind, locale, sealed, now, now, now + lifetime))


async def send_mails(core: Core, rules: MailRules, before: Callable[[], Awaitable[None]]) -> None:
    """Sends what is due, for as long as it runs; `before` each time, which may queue some."""
    with core.wakeups.listen(TOPIC) as waiter:
        while True:
            await before()
            await send_due(core, rules)
            await waiter.wait(await _pause_s(core))


async def _pause_s(core: Core) -> float:
    async with core.storage.reading() as unit:
        due_at = await unit.mails.next_due()
    if due_at is None:
        return SWEEP_S
    return min(SWEEP_S, max(0.0, (due_at - core.clock.now()).total_seconds()))


async def send_due(core: Core, rules: MailRules) -> None:
    """Tries once what is due now, some at a time."""
    async with core.storage.reading() as unit:
        due = await unit.mails.due(core.clock.now(), _AT_ONCE)
    await asyncio.gather(*(_send(core, rules, each) for each in due))


async def _send(core: Core, rules: MailRules, queued: QueuedMail) -> None:
    now = core.clock.now()
    retry_s = min(_FIRST_RETRY_S * 2.0**queued.tries, _LONGEST_RETRY_S)
    async with core.storage.writing() as unit:
        if not await unit.mails.claim(queued, now + timedelta(seconds=retry_s)):
            return
    if now < queued.expires_at:
        try:
            await rules.mailer.send(_mail(core, rules, queued))
        except OSError as error:
            reason = error.reason if isinstance(error, NotSent) else type(error).__name__
            log.warning("mail %s waits: %s", queued.key, reason)
            return
        except (Undeliverable, SealBroken) as error:
            log.error("mail %s is given up: %s", queued.key, type(error).__name__)  # noqa: TRY400 no secrets in a log
    else:
        log.error("mail %s is given up: its time is over", queued.key)
    async with core.storage.writing() as unit:
        await unit.mails.remove(queued.key)


def _mail(core: Core, rules: MailRules, queued: QueuedMail) -> Mail:
    content = json.loads(core.onboarding.sealing.unseal(queued.sealed))
    subject, text = rules.compose(queued.locale, queued.kind, content["params"])
    return Mail(queued.key, content["recipient"], subject, text, queued.created_at)
