"""An ID token is believed only if all of it holds; whatever is wrong, nobody is signed in and nothing made."""

import hmac
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable
from typing import Any

import orjson
import pytest
from joserfc.jwk import ECKey, OKPKey, RSAKey
from sqlalchemy import func, select

from gateway.storage import SqlStorage, tables
from tests.oidc.gateway import Browser, Running
from tests.oidc.issuer import TestIssuer, new_key
from tests.oidc.server import SigningKey

OTHER = new_key()


def unsigned(header: dict[str, Any], claims: dict[str, Any]) -> str:
    return ".".join(urlsafe_b64encode(orjson.dumps(each)).decode().rstrip("=") for each in (header, claims)) + "."


def by_password(issuer: TestIssuer, header: dict[str, Any], claims: dict[str, Any]) -> str:
    """Signed with the public key, which everybody has, as if it were a secret."""
    body = unsigned({**header, "alg": "HS256"}, claims).removesuffix(".")
    signature = hmac.digest(issuer.keys[0].as_pem(private=False), body.encode(), "sha256")
    return f"{body}.{urlsafe_b64encode(signature).decode().rstrip('=')}"


def now() -> int:
    return int(time.time())


Wrong = Callable[[TestIssuer, dict[str, Any], dict[str, Any]], str]
WRONG: dict[str, tuple[str, Wrong]] = {
    "unsigned": ("ALGORITHM", lambda i, h, c: unsigned({**h, "alg": "none"}, c)),
    "by the public key as a secret": ("ALGORITHM", by_password),
    "by a weak kind": ("ALGORITHM", lambda i, h, c: i.signed(c, alg="RS512")),
    "by another key of the same id": ("SIGNATURE", lambda i, h, c: i.signed(c, OTHER, kid=i.keys[0].kid)),
    "by an unknown key": ("UNKNOWN_KEY", lambda i, h, c: i.signed(c, OTHER)),
    "with a changed payload": ("SIGNATURE", lambda i, h, c: _with_payload(i.signed(c), {**c, "sub": "another"})),
    "no token": ("MALFORMED", lambda i, h, c: "nonsense"),
    "endless": ("MALFORMED", lambda i, h, c: i.signed({**c, "x": "x" * 20_000})),
    "of another issuer": ("ISS", lambda i, h, c: i.signed({**c, "iss": "https://evil.example.com"})),
    "of an issuer with a slash more": ("ISS", lambda i, h, c: i.signed({**c, "iss": c["iss"] + "/"})),
    "of no issuer": ("ISS", lambda i, h, c: i.signed({**c, "iss": None})),
    "for another client": ("AUD", lambda i, h, c: i.signed({**c, "aud": "another"})),
    "for nobody": ("AUD", lambda i, h, c: i.signed({**c, "aud": None})),
    "for others too, without saying who asked": ("AZP", lambda i, h, c: i.signed({**c, "aud": ["gateway", "x"]})),
    "asked for by another client": ("AZP", lambda i, h, c: i.signed({**c, "azp": "another"})),
    "for another sign-in": ("NONCE", lambda i, h, c: i.signed({**c, "nonce": "another"})),
    "for no sign-in": ("NONCE", lambda i, h, c: i.signed({**c, "nonce": None})),
    "expired": ("EXP", lambda i, h, c: i.signed({**c, "exp": now() - 60})),
    "for ever": ("EXP", lambda i, h, c: i.signed({**c, "exp": None})),
    "until no number": ("EXP", lambda i, h, c: i.signed({**c, "exp": "tomorrow"})),
    "from the future": ("IAT", lambda i, h, c: i.signed({**c, "iat": now() + 120})),
    "from no time": ("IAT", lambda i, h, c: i.signed({**c, "iat": None})),
    "not good yet": ("NBF", lambda i, h, c: i.signed({**c, "nbf": now() + 120})),
    "of nobody": ("SUB", lambda i, h, c: i.signed({**c, "sub": None})),
    "of somebody without a name": ("SUB", lambda i, h, c: i.signed({**c, "sub": ""})),
    "of somebody whose name is endless": ("SUB", lambda i, h, c: i.signed({**c, "sub": "x" * 256})),
    "of a number": ("SUB", lambda i, h, c: i.signed({**c, "sub": 5})),
    "of somebody that no database takes": ("SUB", lambda i, h, c: i.signed({**c, "sub": "a\0b"})),
    "beside another access token": ("AT_HASH", lambda i, h, c: i.signed({**c, "at_hash": "AAAAAAAAAAAAAAAAAAAAAA"})),
    "an access token": ("TYPE", lambda i, h, c: i.signed(c, typ="at+jwt")),
    "a logout token": ("TYPE", lambda i, h, c: i.logout_token(nonce=c["nonce"])),
}  # fmt: skip


def _with_payload(token: str, claims: dict[str, Any]) -> str:
    head, _, signature = token.split(".")
    return f"{head}.{urlsafe_b64encode(orjson.dumps(claims)).decode().rstrip('=')}.{signature}"


async def kept(gateway: Running) -> int:
    """How many accounts and sessions there are."""
    storage = gateway.parts.core.storage
    assert isinstance(storage, SqlStorage)
    async with storage.engine.connect() as connection:
        counts = [
            await connection.scalar(select(func.count()).select_from(each))
            for each in (tables.actor, tables.customer, tables.session, tables.issuer_link)
        ]
    return sum(each or 0 for each in counts)


@pytest.mark.requirement("S1", "S7")
@pytest.mark.parametrize("name", WRONG)
async def test_an_id_token_that_does_not_hold_signs_nobody_in(
    gateway: Running, browser: Browser, issuer: TestIssuer, name: str
) -> None:
    code, wrong = WRONG[name]
    issuer.spoil = lambda header, claims: wrong(issuer, header, claims)

    back = await browser.signs_in()

    assert back.location == "/graphql?error=ISSUER_REFUSED"
    assert browser.cookies == {}
    assert gateway.refusals() == [{"token": "id", "code": code}]
    assert await kept(gateway) == 0
    issuer.spoil = None
    await browser.signs_in()
    assert await browser.who() == ["anna", ["Anna Example"], False]


@pytest.mark.parametrize(
    ("algorithm", "make"),
    [
        ("RS256", new_key),
        ("PS256", new_key),
        ("ES256", lambda: ECKey.generate_key("P-256", {"kid": "ec"}, private=True)),
        ("EdDSA", lambda: OKPKey.generate_key("Ed25519", {"kid": "okp"}, private=True)),
    ],
)
async def test_every_algorithm_of_the_list_is_taken(
    browser: Browser, issuer: TestIssuer, algorithm: str, make: Callable[[], SigningKey]
) -> None:
    key = make()
    issuer.keys.append(key)
    issuer.spoil = lambda header, claims: issuer.signed({**claims, "at_hash": None}, key, alg=algorithm)

    await browser.signs_in()

    assert await browser.who() == ["anna", ["Anna Example"], False]


async def test_a_new_key_is_found_and_the_old_one_counts_as_long_as_it_is_published(
    gateway: Running, issuer: TestIssuer
) -> None:
    old = issuer.keys[0]

    async def is_taken(key: SigningKey) -> bool:
        browser = gateway.browser()
        issuer.spoil = lambda header, claims: issuer.signed(claims, key)
        await browser.signs_in()
        return await browser.who() is not None

    assert await is_taken(old)
    issuer.rotate()
    gateway.clock.advance(seconds=11)
    assert [await is_taken(issuer.keys[0]), await is_taken(old)] == [True, True]
    issuer.rotate(keeps_old=False)
    gateway.clock.advance(minutes=10)
    assert [await is_taken(issuer.keys[0]), await is_taken(old)] == [True, False]


async def test_unknown_keys_have_the_issuers_read_anew_once_in_a_while_only(
    gateway: Running, issuer: TestIssuer
) -> None:
    issuer.spoil = lambda header, claims: issuer.signed(claims, OTHER)
    browser = gateway.browser()
    await browser.signs_in()
    first = issuer.requests.count("keys")

    for _ in range(5):
        await browser.signs_in()
    at_once = issuer.requests.count("keys")
    gateway.clock.advance(seconds=10)
    await browser.signs_in()

    assert (first, at_once, issuer.requests.count("keys")) == (1, 1, 2)


async def test_keys_that_can_not_be_used_are_left_out(gateway: Running, issuer: TestIssuer) -> None:
    good = issuer.keys[0].as_dict(private=False)
    secret = {"kty": "oct", "k": "c2VjcmV0", "kid": good["kid"], "alg": "RS256"}
    encrypting = {**RSAKey.generate_key(2048, {"kid": "enc"}, private=True).as_dict(private=False), "use": "enc"}
    issuer.published = {"keys": [secret, encrypting, {"kty": "PQC"}, {"kty": "RSA", "n": "?"}, 5, good]}
    browser = gateway.browser()

    await browser.signs_in()

    assert await browser.who() == ["anna", ["Anna Example"], False]
