"""Mails as the gateway sends them, caught."""

import re
from dataclasses import dataclass, field
from functools import partial

from gateway.api.texts.mails import compose
from gateway.ports.mails import Mail
from gateway.usecases.mails import MailRules, send_due
from gateway.usecases.passwords import answer_requests
from tests.auth.server import Answer, Running

RESET = "/auth/password/reset"


@dataclass
class Caught:
    """A mailer that keeps what it is given; `failures` are raised first, one a mail."""

    mails: list[Mail] = field(default_factory=list)
    failures: list[Exception] = field(default_factory=list)

    async def send(self, mail: Mail) -> None:
        if self.failures:
            raise self.failures.pop(0)
        self.mails.append(mail)


async def worked_off(server: Running, caught: Caught, page: str | None = None) -> list[Mail]:
    """All that is asked and due is done, as the gateway's own task does it; the mails so far."""
    await answer_requests(server.parts.core, server.parts.rules)
    await send_due(server.parts.core, MailRules(partial(compose, page), caught))
    return caught.mails


async def reset_token(server: Running, caught: Caught) -> str:
    """The token in the mail that Maria gets when she asks for one."""
    assert (await server.client.post(RESET, {"username": "maria"})).status == 202
    mails = await worked_off(server, caught)
    found = re.search(r"^[A-Za-z0-9_-]{43}$", mails[-1].text, re.MULTILINE)
    assert found is not None
    return found[0]


async def set_by(server: Running, token: str, password: str) -> Answer:
    return await server.client.post("/auth/password", {"token": token, "password": password})
