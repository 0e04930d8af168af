"""Mails handed on: to a real server, and into a folder."""

import asyncio
import stat
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from email import message_from_bytes, policy
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, AuthResult

from gateway.mail import FolderMailer, SmtpMailer, SmtpSettings
from gateway.ports.mails import Mail, NotSent, Undeliverable
from tests.clock import NOON

MAIL = Mail("018f-key", "maria@example.com", "Välj ett nytt lösenord", "Hej Maria,\n\nhär är nyckeln.\n", NOON)
SENDER = "Nord <noreply@nord.example>"


@dataclass
class Postbox:
    """What a server was given; `reply` is what it says to a recipient, where it does not take it."""

    got: list[Any] = field(default_factory=list)
    reply: str = "250 OK"
    credentials: list[bytes] = field(default_factory=list)

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:  # noqa: N802
        if self.reply.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.reply

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        self.got.append(envelope)
        return "250 OK"

    def authenticate(self, _server: Any, _session: Any, _envelope: Any, _mechanism: str, given: Any) -> AuthResult:
        self.credentials += [given.login, given.password]
        return AuthResult(success=given.password == b"secret", handled=False)


@pytest.fixture
async def postbox() -> AsyncIterator[tuple[Postbox, SmtpSettings]]:
    box = Postbox()
    loop = asyncio.get_running_loop()
    made = partial(SMTP, box, authenticator=box.authenticate, auth_require_tls=False, loop=loop)
    async with await loop.create_server(made, "127.0.0.1", 0) as server:
        yield box, SmtpSettings("127.0.0.1", server.sockets[0].getsockname()[1], "none")


async def test_a_server_gets_the_mail_whole(postbox: tuple[Postbox, SmtpSettings]) -> None:
    box, settings = postbox

    await SmtpMailer(settings, SENDER).send(MAIL)

    (envelope,) = box.got
    message = message_from_bytes(envelope.content, policy=policy.default)
    assert (envelope.mail_from, envelope.rcpt_tos) == ("noreply@nord.example", ["maria@example.com"])
    assert (message["From"], message["To"]) == (SENDER, "maria@example.com")
    assert (message["Subject"], message["Message-ID"]) == (MAIL.subject, "<018f-key@nord.example>")
    assert message["Auto-Submitted"] == "auto-generated"
    assert message.get_content().replace("\r\n", "\n") == MAIL.text


async def test_the_gateway_says_who_it_is_where_the_server_asks(postbox: tuple[Postbox, SmtpSettings]) -> None:
    box, settings = postbox
    known = SmtpSettings(settings.host, settings.port, "none", "gateway", "secret")

    await SmtpMailer(known, SENDER).send(MAIL)

    assert (box.credentials, len(box.got)) == ([b"gateway", b"secret"], 1)
    with pytest.raises(NotSent, match=r"^SMTPAuthenticationError 535$"):
        await SmtpMailer(SmtpSettings(settings.host, settings.port, "none", "gateway", "wrong"), SENDER).send(MAIL)


@pytest.mark.parametrize(("reply", "kind"), [("550 nobody", Undeliverable), ("450 later", NotSent)])
async def test_what_a_server_says_decides_whether_there_is_a_next_try(
    postbox: tuple[Postbox, SmtpSettings], reply: str, kind: type[Exception]
) -> None:
    box, settings = postbox
    box.reply = reply

    with pytest.raises(kind) as caught:
        await SmtpMailer(settings, SENDER).send(MAIL)

    assert MAIL.recipient not in str(caught.value)
    assert box.got == []


async def test_a_server_without_starttls_gets_no_mail_in_the_clear(postbox: tuple[Postbox, SmtpSettings]) -> None:
    box, settings = postbox

    with pytest.raises(NotSent, match=r"^SMTPException$"):
        await SmtpMailer(SmtpSettings(settings.host, settings.port, "starttls"), SENDER).send(MAIL)

    assert box.got == []


async def test_a_server_that_is_away_is_tried_again() -> None:
    with pytest.raises(NotSent, match=r"^SMTPConnectError ConnectionRefusedError$"):
        await SmtpMailer(SmtpSettings("127.0.0.1", 1, "none"), SENDER).send(MAIL)


@pytest.mark.parametrize("recipient", ["maria@example.com\nBcc: all@example.com", "", "maria", "a@b@c"])
async def test_what_is_no_address_gets_nothing(recipient: str, tmp_path: Path) -> None:
    mail = Mail("k", recipient, "s", "t", NOON)

    with pytest.raises(Undeliverable):
        await FolderMailer(tmp_path / "mail", SENDER).send(mail)

    assert not (tmp_path / "mail").exists()


async def test_a_folder_has_a_file_a_mail_for_its_owner_alone(tmp_path: Path) -> None:
    mailer = FolderMailer(tmp_path / "mail", SENDER)

    await mailer.send(MAIL)
    await mailer.send(MAIL)

    file = tmp_path / "mail" / "018f-key.eml"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "mail").stat().st_mode) == 0o700
    assert message_from_bytes(file.read_bytes(), policy=policy.default)["Subject"] == MAIL.subject


@pytest.mark.requirement("S5")
@pytest.mark.parametrize("recipient", ["Call 555 now<maria@example.com", "<maria@example.com>", "(x)maria@example.com"])
async def test_what_is_more_than_an_address_gets_no_mail(recipient: str, tmp_path: Path) -> None:
    with pytest.raises(Undeliverable):
        await FolderMailer(tmp_path / "mail", SENDER).send(replace(MAIL, recipient=recipient))

    assert not (tmp_path / "mail").exists()
