"""Alarms by rules, each once, also after a crash."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from gateway.domain.alarm_rules import DEFAULT_RULES, AlarmRule, Condition, CountedBy
from gateway.domain.security import NewSecurityEvent, SecurityEvent, SecurityEventKind
from gateway.ports import Session, Storage
from gateway.settings import SettingsError, read_alarm_rules
from gateway.storage import MemoryWakeUps, SqlStorage
from gateway.usecases.core import Core
from gateway.usecases.security_alarms import _judge_some
from tests.clock import NOON, SettableClock
from tests.cores import a_core
from tests.samples import an_account
from tests.security.recording import event, record, recorded, verify

KIND = SecurityEventKind
REFUSED = KIND.SIGN_IN_REFUSED


@pytest.fixture
def core(storage: SqlStorage, wakeups: MemoryWakeUps, clock: SettableClock) -> Core:
    return a_core(storage, wakeups, clock)


async def alarms(core: Core, rules: Sequence[AlarmRule] = DEFAULT_RULES) -> list[SecurityEvent]:
    """Those that there are once every event was judged."""
    while await _judge_some(core, rules):
        pass
    return list(await recorded(core.storage, KIND.ALARM))


async def refusals(storage: Storage, count: int, first: int = 0, **given: object) -> None:
    """One each second."""
    await record(
        storage, *(event(1, REFUSED, at=NOON + timedelta(seconds=first + number), **given) for number in range(count))
    )


@pytest.mark.requirement("S4")
async def test_the_fifth_refusal_in_a_minute_raises_one_alarm(core: Core) -> None:
    await refusals(core.storage, 4, actor_id="maria")
    assert await alarms(core) == []

    await refusals(core.storage, 3, 4, actor_id="maria")
    (alarm,) = await alarms(core)

    events = await recorded(core.storage, REFUSED)
    assert (alarm.params["rule"], alarm.params["event"], alarm.actor_id) == ("REFUSALS_OF_ACTOR", events[4].id, "maria")
    assert await alarms(core) == [alarm]


async def test_it_is_raised_again_once_it_has_rested(core: Core) -> None:
    await refusals(core.storage, 5, actor_id="maria")
    await alarms(core)
    await refusals(core.storage, 5, 120, actor_id="maria")

    assert len(await alarms(core)) == 2


async def test_slow_refusals_raise_none(core: Core) -> None:
    for minute in range(10):
        await refusals(core.storage, 1, 61 * minute, actor_id="maria")

    assert await alarms(core) == []


async def test_an_address_is_counted_whoever_it_tries(core: Core) -> None:
    for number in range(5):
        theirs = {"actor_id": f"actor-{number}", "customer_id": f"customer-{number}"}
        await refusals(core.storage, 1, number, address="192.0.2.1", **theirs)

    (alarm,) = await alarms(core)
    assert (alarm.params["rule"], alarm.address) == ("REFUSALS_FROM_ADDRESS", "192.0.2.1")
    # It is about several: none of them is told of the others.
    assert (alarm.actor_id, alarm.customer_id) == (None, None)


async def test_refusals_that_are_told_at_once_count_as_many(core: Core) -> None:
    await record(core.storage, event(1, REFUSED, actor_id="maria", times=995))

    assert [each.params["rule"] for each in await alarms(core)] == ["REFUSALS_OF_ACTOR"]


@pytest.mark.requirement("S4")
async def test_a_sign_in_from_a_new_network_raises_an_alarm(core: Core) -> None:
    places = ["192.0.2.1", "192.0.2.200", "198.51.100.7", "198.51.100.7"]
    await record(core.storage, *(event(actor_id="maria", address=each) for each in places), event(actor_id="maria"))

    found = await alarms(core)

    assert [(each.params["rule"], each.address) for each in found] == [("NEW_NETWORK", "198.51.100.7")]


async def signed_in(core: Core, actor_id: str, key: str, device: str | None, days: int) -> None:
    """From one and the same network."""
    at = NOON + timedelta(days=days)
    session = Session(key, actor_id, f"digest-{key}", None, None, at, at + timedelta(days=30), device=device)
    async with core.storage.writing() as unit:
        await unit.accounts.add_session(session)
        told = NewSecurityEvent(KIND.SIGNED_IN, at, actor_id, params={"session": key}, address="192.0.2.1")
        await unit.security_events.record(told)


@pytest.mark.requirement("S4")
async def test_a_sign_in_from_a_new_device_in_a_known_network_raises_an_alarm(core: Core) -> None:
    maria, lars = an_account("maria", None), an_account("lars", None)
    async with core.storage.writing() as unit:
        assert await unit.accounts.add(maria)
        assert await unit.accounts.add(lars)
    await signed_in(core, lars.actor_id, "other's", "Chrome on Linux", 0)
    devices = ["Firefox on Windows", None, "Firefox on Windows", "Chrome on Linux", "Chrome on Linux"]
    for number, device in enumerate(devices):
        await signed_in(core, maria.actor_id, f"session-{number}", device, number)

    found = await alarms(core)

    (new,) = [each for each in await recorded(core.storage) if each.params == {"session": "session-3"}]
    assert [(each.params["rule"], each.params["event"], each.actor_id) for each in found] == [
        ("NEW_DEVICE", new.id, maria.actor_id)
    ]
    # Which one it was stands with the session: the trail keeps no text that somebody else has chosen.
    assert not any("Chrome" in str(each.params) for each in await recorded(core.storage))


async def test_a_device_whose_session_is_kept_no_more_is_no_alarm(core: Core) -> None:
    maria = an_account("maria", None)
    async with core.storage.writing() as unit:
        assert await unit.accounts.add(maria)
    await signed_in(core, maria.actor_id, "first", "Firefox on Windows", 0)
    gone = NewSecurityEvent(KIND.SIGNED_IN, NOON, maria.actor_id, params={"session": "gone"}, address="192.0.2.1")
    await record(core.storage, gone)

    assert await alarms(core) == []


@pytest.mark.requirement("S4")
async def test_the_customer_finds_a_notice_of_its_alarm(core: Core) -> None:
    account = an_account("maria", None)
    async with core.storage.writing() as unit:
        assert await unit.accounts.add(account)
    ended = event(1, KIND.REFRESH_TOKEN_REUSED, actor_id=account.actor_id, customer_id=account.customer_id)
    gone = event(2, KIND.REFRESH_TOKEN_REUSED, customer_id="a customer that is kept no more")
    await record(core.storage, ended, gone)

    raised = await alarms(core)
    assert await alarms(core) == raised

    async with core.storage.reading() as unit:
        notices = await unit.notifications.page(account.customer_id or "", 10, None)
    assert [each.params["rule"] for each in raised] == ["SESSION_STOLEN", "SESSION_STOLEN"]
    assert [(each.code, each.params) for each in notices] == [("SECURITY_ALARM", {"rule": "SESSION_STOLEN"})]
    assert isinstance(core.storage, SqlStorage)
    assert (await verify(core.storage)).finding is None


async def test_a_batch_that_fails_is_judged_again_and_raises_each_alarm_once(
    core: Core, monkeypatch: pytest.MonkeyPatch
) -> None:
    await refusals(core.storage, 5, actor_id="maria")

    def dies(_: object) -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as patched:
        patched.setattr("gateway.usecases.security_alarms._log.error", lambda *_, **__: dies(None))
        with pytest.raises(ZeroDivisionError):
            await _judge_some(core, DEFAULT_RULES)
    assert await recorded(core.storage, KIND.ALARM) == []

    assert len(await alarms(core)) == 1


def test_rules_are_read_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text(
        "rules:\n"
        "- {name: MANY_ORDERS, condition: THRESHOLD, kinds: [ORDER_PLACED], by: ACTOR, times: 10, within_s: 3600}\n"
        "- {name: KEYS, condition: EACH, kinds: [KEYS_CHANGED]}\n"
    )

    assert read_alarm_rules(path) == (
        AlarmRule(
            "MANY_ORDERS", Condition.THRESHOLD, frozenset({KIND.ORDER_PLACED}), CountedBy.ACTOR, 10, timedelta(hours=1)
        ),
        AlarmRule("KEYS", Condition.EACH, frozenset({KIND.KEYS_CHANGED})),
    )
    assert read_alarm_rules(None) == DEFAULT_RULES


@pytest.mark.parametrize(
    ("content", "lines"),
    [
        ("rules:\n- {name: x, condition: EACH, kinds: [ALARM]}", ["rule 'x': name: string should match pattern"]),
        ("rules:\n- {name: X, condition: OFTEN, kinds: [ALARM]}", ["rule 'X': condition: input should be 'EACH'"]),
        ("rules:\n- {name: X, condition: EACH, kinds: [NOTHING]}", ["rule 'X': kinds.0: input should be"]),
        ("rules:\n- {name: X, condition: EACH, kinds: [ALARM], hours: 3}", ["rule 'X': hours: there is no such key"]),
        (
            "rules:\n- {name: X, condition: EACH, kinds: [ALARM]}\n- {name: X, condition: EACH, kinds: [ALARM]}",
            ["rule 'X': name: is there twice"],
        ),
        ("rules: [", ["while parsing"]),
        ("rule: []", ["rules: is missing", "rule: there is no such key"]),
    ],
)
def test_what_is_wrong_with_a_file_of_rules_is_said_in_a_line_each(
    tmp_path: Path, content: str, lines: list[str]
) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text(content)

    with pytest.raises(SettingsError) as caught:
        read_alarm_rules(path)

    assert len(caught.value.lines) == len(lines)
    for found, expected in zip(caught.value.lines, lines, strict=True):
        assert found.startswith(f"{path}: {expected}")


def test_a_file_of_rules_that_is_not_there_is_said() -> None:
    with pytest.raises(SettingsError, match=r"nowhere\.yaml: .*No such file"):
        read_alarm_rules(Path("nowhere.yaml"))
