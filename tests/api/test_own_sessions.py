"""A person's sessions: listed, and ended everywhere, whatever is open of them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from gateway.api.auth import AuthParts, AuthSettings, Identity, open_auth
from gateway.api.auth.devices import device_name
from gateway.domain.errors import StorageUnavailable
from gateway.domain.one_time_passwords import OneTimePasswordRequirement
from gateway.domain.sessions import Device
from gateway.ports.sign_in import OneTimePassword
from gateway.usecases import own_sessions
from gateway.usecases.sessions import SignedIn, new_session, session_id
from tests.api.running import Running, begun, running, said, send
from tests.api.streams import EVENT_STREAM, FOLLOW, LIMIT_S, an_order_of, opened
from tests.federation.scripted import offering
from tests.samples import an_account

OPERATIONS = Path(__file__).parents[1] / "operations"
LIST, END, END_OTHERS = (
    (OPERATIONS / f"{name}.graphql").read_text() for name in ("session-list", "session-end", "session-end-others")
)
PHONE = Device("Mobile Safari on iPhone", "192.0.2.7")


@dataclass
class Served:
    """A gateway that takes real tokens, with one account."""

    gateway: Running
    auth: AuthParts
    actor_id: str

    async def sign_in(self, device: Device = PHONE, actor_id: str = "") -> tuple[SignedIn, str]:
        """A new session, and its access token."""
        now = self.gateway.clock.now()
        async with self.gateway.storage.writing() as unit:
            begun_ = await new_session(unit, self.auth.rules, actor_id or self.actor_id, device, now)
        return begun_, self.auth.tokens.issue(begun_.session_key, begun_.actor_id, now)

    async def sessions(self, token: str, **variables: Any) -> list[dict[str, Any]]:
        answer = await self.gateway.ask(LIST, variables, token)
        return [edge["node"] for edge in answer["data"]["viewer"]["sessions"]["edges"]]

    async def is_good(self, token: str) -> bool:
        answer = await self.gateway.ask("{ viewer { id } }", None, token)
        return "errors" not in answer


@pytest.fixture
async def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Served]:
    async with _serving(tmp_path, monkeypatch, AuthSettings()) as found:
        yield found


def _serving(folder: Path, monkeypatch: pytest.MonkeyPatch, settings: AuthSettings) -> Any:
    from contextlib import asynccontextmanager

    @asynccontextmanager
    async def serve() -> AsyncIterator[Served]:
        async with (
            running(folder, [offering("nord", "o-1")], beat_s=0.3) as gateway,
            open_auth(gateway.core, folder, settings) as auth,
        ):
            real = Identity(auth)
            for name in ("caller_of_request", "caller_of_token", "is_live"):
                monkeypatch.setattr(gateway.tokens, name, getattr(real, name))
            account = an_account("maria")
            async with gateway.storage.writing() as unit:
                assert await unit.accounts.add(account)
            yield Served(gateway, auth, account.actor_id)

    return serve()


@pytest.mark.requirement("S7")
async def test_each_device_is_listed_newest_first(served: Served) -> None:
    phone, _ = await served.sign_in()
    served.gateway.clock.advance(minutes=1)
    laptop, token = await served.sign_in(Device("Firefox on Windows", "2001:db8::1"))

    listed = await served.sessions(token)

    assert listed == [
        {
            "id": session_id(laptop.session_key),
            "device": "Firefox on Windows",
            "address": "2001:db8::1",
            "createdAt": "2026-03-01T12:01:00Z",
            "lastUsedAt": "2026-03-01T12:01:00Z",
            "isCurrent": True,
        },
        {
            "id": session_id(phone.session_key),
            "device": "Mobile Safari on iPhone",
            "address": "192.0.2.7",
            "createdAt": "2026-03-01T12:00:00Z",
            "lastUsedAt": "2026-03-01T12:00:00Z",
            "isCurrent": False,
        },
    ]


async def test_the_list_is_paged_and_has_what_goes_on_alone(served: Served) -> None:
    signed_in = [await served.sign_in() for _ in range(4)]
    token = signed_in[0][1]
    await served.gateway.ask(END, {"sessionId": session_id(signed_in[1][0].session_key)}, token)
    page = "query($after: String) { viewer { sessions(first: 2, after: $after) { edges { cursor node { id } } } } }"

    first = (await served.gateway.ask(page, None, token))["data"]["viewer"]["sessions"]["edges"]
    rest = await served.gateway.ask(page, {"after": first[-1]["cursor"]}, token)

    ids = [each["node"]["id"] for each in first + rest["data"]["viewer"]["sessions"]["edges"]]
    assert ids == [session_id(signed_in[number][0].session_key) for number in (3, 2, 0)]


async def test_the_last_use_is_kept_once_a_minute(served: Served) -> None:
    phone, token = await served.sign_in()
    _, other = await served.sign_in()
    served.gateway.clock.advance(minutes=5)
    assert await served.is_good(token)

    before = await served.sessions(other)
    await served.auth.uses.keep()
    after = await served.sessions(other)

    used = [
        {each["id"]: each["lastUsedAt"] for each in listed}[session_id(phone.session_key)] for listed in (before, after)
    ]
    assert used == ["2026-03-01T12:00:00Z", "2026-03-01T12:05:00Z"]


async def test_the_last_use_that_could_not_be_kept_is_kept_the_next_time_and_stops_no_end(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    phone, token = await served.sign_in()
    _, other = await served.sign_in()
    served.gateway.clock.advance(minutes=5)
    assert await served.is_good(token)

    def away(*_: object) -> AbstractAsyncContextManager[Any]:
        raise StorageUnavailable("the database can't be used: OperationalError")

    with monkeypatch.context() as broken:
        broken.setattr(type(served.gateway.storage), "writing", away)
        with pytest.raises(StorageUnavailable):
            await served.auth.uses.keep()
        await served.auth.uses.keep_last()
    await served.auth.uses.keep()
    after = await served.sessions(other)

    used = {each["id"]: each["lastUsedAt"] for each in after}[session_id(phone.session_key)]
    assert used == "2026-03-01T12:05:00Z"


@pytest.mark.requirement("S7")
async def test_ending_a_session_refuses_its_tokens_at_once(served: Served) -> None:
    lost, lost_token = await served.sign_in()
    _, token = await served.sign_in()
    assert await served.is_good(lost_token)

    answer = await served.gateway.ask(END, {"sessionId": session_id(lost.session_key)}, token)

    ended = {"id": session_id(lost.session_key), "device": PHONE.name}
    assert answer["data"]["endSession"] == {"session": ended, "userErrors": []}
    assert [await served.is_good(each) for each in (lost_token, token)] == [False, True]


async def test_anothers_session_can_not_be_told_from_an_unknown_one_and_goes_on(served: Served) -> None:
    other = an_account("lars", None)
    async with served.gateway.storage.writing() as unit:
        await unit.accounts.add(other)
    theirs, their_token = await served.sign_in(actor_id=other.actor_id)
    _, token = await served.sign_in()
    meant = [session_id(theirs.session_key), session_id("01890000-0000-7000-8000-000000000000"), "garbage", "\0"]

    answers = [await served.gateway.ask(END, {"sessionId": each}, token) for each in meant]
    kept = [await served.gateway.ask(END_OTHERS, {"keep": [each]}, token) for each in meant]
    found = [
        await served.gateway.ask("query($id: ID!) { node(id: $id) { id } }", {"id": each}, token) for each in meant
    ]

    (error,) = answers[0]["data"]["endSession"]["userErrors"]
    assert (error["code"], error["field"]) == ("NOT_FOUND", ["sessionId"])
    assert all(each == answers[0] for each in answers)
    assert {each["data"]["endOtherSessions"]["userErrors"][0]["code"] for each in kept} == {"NOT_FOUND"}
    assert all(each == {"data": {"node": None}} for each in found)
    assert await served.is_good(their_token)


async def test_a_session_is_found_again_by_its_id(served: Served) -> None:
    phone, token = await served.sign_in()
    document = "query($id: ID!) { node(id: $id) { id ... on Session { device isCurrent } } }"

    answer = await served.gateway.ask(document, {"id": session_id(phone.session_key)}, token)

    expected = {"id": session_id(phone.session_key), "device": PHONE.name, "isCurrent": True}
    assert answer == {"data": {"node": expected}}


@pytest.mark.requirement("S7")
async def test_ending_the_others_keeps_the_present_one_and_those_named(served: Served) -> None:
    kept, kept_token = await served.sign_in()
    others = [(await served.sign_in())[1] for _ in range(3)]
    _, token = await served.sign_in()

    answer = await served.gateway.ask(END_OTHERS, {"keep": [session_id(kept.session_key)]}, token)
    again = await served.gateway.ask(END_OTHERS, {}, token)

    assert answer["data"]["endOtherSessions"] == {"endedCount": 3, "userErrors": []}
    assert again["data"]["endOtherSessions"] == {"endedCount": 1, "userErrors": []}
    assert [await served.is_good(each) for each in (*others, kept_token, token)] == [False] * 4 + [True]


@pytest.mark.requirement("S7")
async def test_all_that_is_open_of_a_session_ends_with_it(served: Served) -> None:
    lost, lost_token = await served.sign_in()
    _, token = await served.sign_in()
    caller = await served.gateway.tokens.caller_of_token(lost_token, "")
    order = await an_order_of(served.gateway, caller, "OrderPlaced")
    variables = {"id": order.id}

    async with AsyncExitStack() as stack:
        socket = await stack.enter_async_context(served.gateway.socket())
        await begun(socket, {"authorization": f"Bearer {lost_token}"})
        await send(socket, {"id": "1", "type": "subscribe", "payload": {"query": FOLLOW, "variables": variables}})
        assert (await said(socket))["type"] == "next"
        stream, parts = [
            await stack.enter_async_context(opened(served.gateway, FOLLOW, variables, lost_token, accept=accept))
            for accept in (EVENT_STREAM, "multipart/mixed;subscriptionSpec=1.0")
        ]
        assert (await stream.event())["event"] == "next"
        await parts.until(b"OrderPlaced")

        async with asyncio.timeout(LIMIT_S):
            await served.gateway.ask(END, {"sessionId": session_id(lost.session_key)}, token)
            await socket.wait_closed()
            await stream.rest()
            await parts.rest()

    assert socket.close_code == 4403


@pytest.mark.requirement("S7")
async def test_a_session_that_another_process_ended_is_noticed_within_five_seconds(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost, token = await served.sign_in()
    async with served.gateway.socket() as socket:
        await begun(socket, {"authorization": f"Bearer {token}"})
        started = asyncio.get_running_loop().time()
        async with served.gateway.storage.writing() as unit:
            # What is woken elsewhere wakes nobody here.
            await unit.accounts.end_session(lost.session_key, served.gateway.clock.now())
        async with asyncio.timeout(LIMIT_S + 0.5):
            await socket.wait_closed()
        took_s = asyncio.get_running_loop().time() - started
    served.gateway.clock.advance(seconds=5)

    assert (socket.close_code, took_s < 5.5) == (4403, True)
    assert not await served.is_good(token)


@pytest.mark.requirement("S7")
async def test_the_operator_ends_a_persons_sessions_and_one_time_password(served: Served) -> None:
    _, token = await served.sign_in()
    now = served.gateway.clock.now()
    async with served.gateway.storage.writing() as unit:
        await unit.one_time_passwords.put_pending(OneTimePassword(served.actor_id, "sealed", now))
        await unit.one_time_passwords.confirm(served.actor_id, "sealed", 1, now)

    reset = [await own_sessions.reset_one_time_password(served.gateway.core, "MARIA") for _ in range(2)]
    was_ended = not await served.is_good(token)
    again, _ = await served.sign_in()
    ended = await own_sessions.end_sessions_of(served.gateway.core, "maria")

    assert (reset, was_ended, ended) == ([True, False], True, 1)
    async with served.gateway.storage.reading() as unit:
        session = await unit.accounts.session(again.session_key)
        assert session is not None
        assert session.ended_at == now
        assert await unit.one_time_passwords.get(served.actor_id) is None


@pytest.mark.requirement("S1", "S2")
async def test_who_must_switch_on_a_one_time_password_reaches_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = AuthSettings(one_time_password_required=OneTimePasswordRequirement.ALL)
    async with _serving(tmp_path, monkeypatch, settings) as served:
        _, token = await served.sign_in()
        refused = [await served.gateway.ask(each, {"sessionId": "x"}, token) for each in (LIST, END)]
        public = await served.gateway.ask(
            "{ viewer { username memberships { role } } providers { edges { node { id } } } }", None, token
        )
        async with served.gateway.socket() as socket:
            await begun(socket, {"authorization": f"Bearer {token}"})
            document = "subscription { customerEvents { id } }"
            await send(socket, {"id": "1", "type": "subscribe", "payload": {"query": document}})
            message = await said(socket)

        extensions = {"code": "FORBIDDEN", "problem": "ONE_TIME_PASSWORD_REQUIRED"}
        assert [each["errors"][0]["extensions"] for each in refused] == [extensions] * 2
        assert message["payload"][0]["extensions"] == extensions
        assert public["data"]["viewer"] == {"username": "maria", "memberships": []}
        assert len(public["data"]["providers"]["edges"]) == 1


@pytest.mark.parametrize(
    ("user_agent", "name"),
    [
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:128.0) Gecko/20100101 Firefox/128.0", "Firefox on Windows"),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
            "Version/17.5 Mobile/15E148 Safari/604.1",
            "Mobile Safari on iPhone",
        ),
        ("curl/8.5.0", "curl"),
        ("", None),
        ("x" * 10_000, None),
        ("\0\r\n", None),
    ],
)
def test_a_device_has_a_short_name(user_agent: str, name: str | None) -> None:
    assert device_name(user_agent) == name
