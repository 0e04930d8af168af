"""People with a one-time password, as their authenticator and their frontend work together."""

from dataclasses import dataclass, field
from typing import Any

import pyotp
from sqlalchemy import select

from gateway.storage import tables
from tests.auth.server import MARIA, SIGN_IN, Answer, Running

PATH = "/auth/one-time-password"
STEP_S = 30
_KINDS = select(tables.security_event.c.kind).order_by(tables.security_event.c.seq)


@dataclass
class Person:
    """Maria, signed in, with what her authenticator knows."""

    server: Running
    tokens: dict[str, Any]
    secret: str = ""
    recovery_codes: list[str] = field(default_factory=list)

    @property
    def headers(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self.tokens['access_token']}"}

    def code(self, steps: int = 0) -> str:
        """What the authenticator shows now, or some steps from now."""
        codes = pyotp.TOTP(self.secret)
        return codes.generate_otp(int(self.server.clock.now().timestamp()) // STEP_S + steps)

    def wrong_code(self) -> str:
        """A code of none of the steps around."""
        near = {self.code(steps) for steps in range(-3, 4)}
        return next(code for code in (f"{number:06}" for number in range(100)) if code not in near)

    async def sign_in(self, code: str | None = None, path: str = "/auth/session", **headers: str) -> Answer:
        body = SIGN_IN if code is None else {**SIGN_IN, "oneTimeCode": code}
        return await self.server.client.post(path, body, headers)

    async def challenged(self) -> str:
        answer = await self.sign_in()
        assert (answer.status, answer.problems) == (401, [(None, "ONE_TIME_CODE_REQUIRED")])
        challenge: str = answer.body["challenge"]
        return challenge

    async def answer(self, challenge: str, **proof: str) -> Answer:
        return await self.server.client.post("/auth/session/challenge", {"challenge": challenge, **proof})

    async def begin(self) -> Answer:
        answer = await self.server.client.post(PATH, {"password": MARIA["password"]}, self.headers)
        if answer.status == 200:
            self.secret = answer.body["secret"]
        return answer

    async def confirm(self, code: str) -> Answer:
        answer = await self.server.client.post(f"{PATH}/confirm", {"oneTimeCode": code}, self.headers)
        if answer.status == 200:
            self.recovery_codes = answer.body["recoveryCodes"]
        return answer


async def maria(server: Running) -> Person:
    """Maria without a one-time password."""
    return Person(server, await server.client.signed_in())


async def enrolled(server: Running) -> Person:
    """Maria with one, whose first code is used; the next step begins."""
    person = await maria(server)
    assert (await person.begin()).status == 200
    assert (await person.confirm(person.code())).status == 200
    server.clock.advance(seconds=STEP_S)
    return person


async def told(server: Running) -> list[str]:
    """The kinds of all security events so far, those of refusals too."""
    core = server.parts.core
    async with core.storage.writing() as unit:
        for each in core.refusals.take():
            await unit.security_events.record(each)
    async with core.storage.reading() as unit:
        rows = await unit.security_events._rows.all(_KINDS)  # type: ignore[attr-defined]
    return [row.kind for row in rows]
