"""What a provider posts is proven by HMAC or by an HTTP message signature, and by nothing that only looks like it."""

from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from http_message_signatures import HTTPMessageSigner, MappingKeyResolver, SigningKey
from http_message_signatures.algorithms import HMAC_SHA256

from gateway.contract import EventProof, Post
from gateway.kit import InvalidOptions, Options, read_event_proof
from gateway.kit.signatures import sign_post, verify_signature
from gateway.kit.webhooks import sign_hmac, verify_hmac

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
KEY, OTHER_KEY = b"k" * 32, b"o" * 32
TEXT_KEY = "whsec_" + b64encode(KEY).decode()
BODY = b'{"eventType": "ProductOrderStateChangeEvent"}'
URL = "https://gateway.test/providers/nord/events/0123456789"
POST = Post(URL, {"host": "127.0.0.1:8000", "content-type": "application/json"}, BODY)


def by_hmac(key: bytes = KEY, post: Post = POST, at: datetime = NOW) -> Post:
    return replace(post, headers={**post.headers, **sign_hmac(key, post.body, "msg_1", at)})


def by_signature(key: SigningKey = KEY, post: Post = POST, at: datetime = NOW, **more: Any) -> Post:
    added = sign_post("nord-1", key, post, at, **more)
    return replace(post, headers={**post.headers, **{name.lower(): value for name, value in added.items()}})


def proof(now: datetime = NOW, **options: Any) -> EventProof:
    found = read_event_proof(Options(options, "nord"), lambda: now)
    assert found is not None
    return found


HMAC = proof(proof="hmac", key=TEXT_KEY)
SIGNATURE = proof(proof="http-signature", key_id="nord-1", key=TEXT_KEY)
BOTH: list[tuple[EventProof, Callable[..., Post]]] = [(HMAC, by_hmac), (SIGNATURE, by_signature)]
each_way = pytest.mark.parametrize(("proof_", "signed"), BOTH, ids=["hmac", "http-signature"])


def test_the_example_of_standard_webhooks_is_proven() -> None:
    # Source: Standard Webhooks 1.0, the example of its reference libraries.
    headers = {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }
    key = Options({"key": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "proof": "hmac"}, "nord")
    sent_at = datetime.fromtimestamp(1614265330, UTC)

    found = read_event_proof(key, lambda: sent_at)

    assert found is not None
    assert found.check(Post(URL, headers, b'{"test": 2432232314}')) is not None


@each_way
def test_what_is_signed_is_proven_and_each_post_is_another(proof_: EventProof, signed: Callable[..., Post]) -> None:
    first, again = proof_.check(signed()), proof_.check(signed())
    later = proof_.check(signed(at=NOW - timedelta(seconds=1)))

    assert first is not None
    assert later is not None
    assert first == again
    assert first.until == NOW + timedelta(minutes=5)
    assert first.once != later.once


@each_way
def test_what_was_changed_on_the_way_is_not_proven(proof_: EventProof, signed: Callable[..., Post]) -> None:
    post = signed()
    changed = [
        replace(post, body=BODY + b" "),
        replace(post, body=b""),
        signed(OTHER_KEY),
        POST,
        *(replace(post, headers={**post.headers, name: ""}) for name in post.headers if name not in POST.headers),
        *(replace(post, headers=without(post.headers, name)) for name in post.headers if name not in POST.headers),
    ]

    assert [proof_.check(each) for each in changed] == [None] * len(changed)
    assert len(changed) == 10


def without(headers: Mapping[str, str], name: str) -> dict[str, str]:
    return {each: value for each, value in headers.items() if each != name}


@each_way
@pytest.mark.parametrize(
    ("age_s", "is_proven"), [(-61, False), (-60, True), (0, True), (299, True), (300, False), (90_000, False)]
)
def test_a_post_counts_for_five_minutes(
    proof_: EventProof, signed: Callable[..., Post], age_s: int, is_proven: bool
) -> None:
    found = proof_.check(signed(at=NOW - timedelta(seconds=age_s)))

    assert (found is not None) is is_proven


def test_any_of_two_signatures_proves_while_a_key_is_changed() -> None:
    old, new = by_hmac(OTHER_KEY), by_hmac()
    both = f"{old.headers['webhook-signature']} {new.headers['webhook-signature']}"

    assert HMAC.check(replace(new, headers={**new.headers, "webhook-signature": both})) is not None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("webhook-timestamp", "1e9"),
        ("webhook-timestamp", "-5"),
        ("webhook-timestamp", "\u0669\u0669"),
        ("webhook-timestamp", "9" * 40),
        ("webhook-id", "x" * 257),
        ("webhook-id", "a b"),
        ("webhook-signature", "v1,"),
        ("webhook-signature", "v1," + "A" * 100_000),
        ("webhook-signature", "v2,AAAA"),
    ],
)
def test_headers_that_make_no_sense_prove_nothing(name: str, value: str) -> None:
    post = by_hmac()

    assert verify_hmac(KEY, {**post.headers, name: value}, BODY, NOW) is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("signature", "pyhms=:AAAA:"),
        ("signature", "pyhms=1"),
        ("signature", "%%%"),
        ("signature-input", 'pyhms=();created=1;keyid="nord-1"'),
        ("signature-input", "pyhms=1"),
        ("signature-input", "((((((("),
        ("signature-input", 'a=("@method");created=1;keyid="nord-1", ' * 50),
        ("content-digest", "md5=:AAAA:"),
        ("content-digest", "sha-256=:AAAA:"),
    ],
)
def test_a_signature_that_makes_no_sense_proves_nothing(name: str, value: str) -> None:
    post = by_signature()

    assert SIGNATURE.check(replace(post, headers={**post.headers, name: value})) is None


def test_a_signature_is_good_for_one_address() -> None:
    post = by_signature()

    assert SIGNATURE.check(replace(post, url=URL.replace("nord", "syd"))) is None


@pytest.mark.parametrize(
    "covered", [(), ("@method",), ("@target-uri",), ("@method", "@authority", "@path"), ("@method", "host")]
)
def test_a_signature_that_covers_too_little_proves_nothing(covered: tuple[str, ...]) -> None:
    signer = HTTPMessageSigner(
        signature_algorithm=HMAC_SHA256,
        key_resolver=MappingKeyResolver(public_keys={}, private_keys={"nord-1": KEY}),
    )
    message = SimpleNamespace(method="POST", url=URL, headers=dict(POST.headers))
    signer.sign(message, key_id="nord-1", created=NOW, covered_component_ids=covered, body=BODY)

    assert SIGNATURE.check(replace(POST, headers={k.lower(): v for k, v in message.headers.items()})) is None


def test_a_signature_may_end_sooner() -> None:
    ended = by_signature(expires=NOW - timedelta(seconds=1), at=NOW - timedelta(seconds=9))
    ending = by_signature(expires=NOW + timedelta(seconds=1), at=NOW - timedelta(seconds=9))

    assert SIGNATURE.check(ended) is None
    assert SIGNATURE.check(ending) is not None


def test_the_key_decides_the_algorithm_and_its_name_the_key() -> None:
    public = ed25519.Ed25519PrivateKey.generate().public_key()

    assert verify_signature("nord-1", public, by_signature(), NOW) is None
    assert verify_signature("nord-2", KEY, by_signature(), NOW) is None


@pytest.mark.parametrize(
    "private",
    [
        ed25519.Ed25519PrivateKey.generate(),
        ec.generate_private_key(ec.SECP256R1()),
        rsa.generate_private_key(public_exponent=65537, key_size=2048),
    ],
    ids=["Ed25519", "P-256", "RSA"],
)
def test_a_public_key_proves_too_and_a_signature_of_the_same_twice_is_the_same(private: Any) -> None:
    pem = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    by_key = proof(proof="http-signature", key_id="nord-1", public_key=pem)

    # With P-256 and RSA, the two signatures differ.
    first, second = by_key.check(by_signature(private)), by_key.check(by_signature(private))
    other = by_key.check(by_signature(private, nonce="2"))

    assert first is not None
    assert other is not None
    assert first == second
    assert first.once != other.once


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"proof": "trust"}, "option proof: secret, hmac or http-signature is expected"),
        ({"proof": "hmac"}, "option key: is required"),
        ({"proof": "hmac", "key": "c2hvcnQ="}, "option key: 24 to 64 bytes in base64 are expected"),
        ({"proof": "hmac", "key": "ü" * 40}, "option key: "),
        ({"proof": "http-signature", "key": TEXT_KEY}, "option key_id: is required"),
        (
            {"proof": "http-signature", "key_id": "a", "public_key": "PEM"},
            "option public_key: a key in PEM is expected",
        ),
        ({"proof": "secret", "key": TEXT_KEY}, "option key: is not known"),
    ],
)
def test_a_mistake_in_the_options_is_named_without_the_key(options: dict[str, Any], text: str) -> None:
    with pytest.raises(InvalidOptions) as caught:
        read_event_proof(Options(options, "nord"), lambda: NOW)

    assert text in str(caught.value)
    assert TEXT_KEY not in f"{caught.value} {HMAC!r} {SIGNATURE!r}"


@pytest.mark.parametrize("options", [None, Options({}, "nord"), Options({"proof": "secret"}, "nord")])
def test_without_an_option_the_secret_in_the_address_is_all(options: Options | None) -> None:
    assert read_event_proof(options, lambda: NOW) is None
