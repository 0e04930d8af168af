"""A person with a one-time password, and a browser at a running demo."""

from pathlib import Path
from typing import Any

import pyotp
import pytest

from tests.e2e.consumer import Consumer, consumer
from tests.e2e.processes import demo
from tests.ide.chromium import played, with_chromium

ACCOUNT = {"username": "hedy", "password": "correct horse battery staple"}
CUSTOMER = {"name": "A household", "kind": "HOUSEHOLD"}


async def _recovery_codes(url: str) -> list[str]:
    async with consumer(url) as nobody:
        assert (await nobody.post("/auth/accounts", {**ACCOUNT, "customer": CUSTOMER}))[0] == 201
        hedy = await nobody.signed_in(ACCOUNT["username"], ACCOUNT["password"])
        begun = await _post(hedy, "", {"password": ACCOUNT["password"]})
        done = await _post(hedy, "/confirm", {"oneTimeCode": pyotp.TOTP(begun["secret"]).now()})
        codes: list[str] = done["recoveryCodes"]
        return codes


async def _post(person: Consumer, path: str, body: object) -> Any:
    address = f"{person.url}/auth/one-time-password{path}"
    async with person.session.post(address, json=body, headers=person.headers) as response:
        assert response.status == 200
        return await response.json()


@with_chromium
@pytest.mark.timeout(150)
async def test_the_form_asks_for_the_code_when_the_account_has_one(tmp_path: Path) -> None:
    with demo(tmp_path / "data") as started:
        await started.ready()
        codes = await _recovery_codes(started.url)

        seen: Any = await played("one_time_code.mjs", started.url, *ACCOUNT.values(), "abcd-abcd-abcd-abcd", codes[0])

    assert (seen["wasShown"], seen["isLeft"]) == (False, False)
    assert seen["asked"] == "Give the one-time code, or a recovery code, to end the sign-in."
    assert seen["completion"] == "one-time-code"
    assert seen["viewer"]["data"]["viewer"]["username"] == "hedy"
