"""Whether what is posted carries an HTTP message signature of the provider's.

Source: RFC 9421 (signatures), RFC 9530 (the digest of the body, which the signature must cover).
"""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from http_message_signatures import (
    HTTPMessageSigner,
    HTTPMessageVerifier,
    HTTPSignatureAlgorithm,
    InvalidSignature,
    MappingKeyResolver,
    SigningKey,
    VerificationKey,
    VerifyResult,
)
from http_message_signatures.algorithms import ECDSA_P256_SHA256, ED25519, HMAC_SHA256, RSA_PSS_SHA512

from gateway.contract import Post, Proven
from gateway.kit.options import Options
from gateway.kit.trouble import Now
from gateway.kit.webhooks import OLDEST, is_timely, read_key, read_moment

# What a signature must cover beside the body's digest: else it would be good for another address.
COVERED = ("@method", "@target-uri")


class _Verifier(HTTPMessageVerifier):
    """Leaves the time to `verify_signature`, which has the gateway's clock."""

    def validate_created_and_expires(self, sig_input: Any, max_age: timedelta | None = None) -> None:
        if not isinstance(sig_input.params.get("created"), int):
            raise InvalidSignature("no time of creation")


@dataclass(frozen=True, slots=True)
class SignatureProof:
    """See contract.EventProof. The algorithm is that of the key, never what the post names."""

    key_id: str
    key: VerificationKey = field(repr=False)
    now: Now

    def check(self, post: Post) -> Proven | None:
        """Proven by one signature of that key; a post with several is not."""
        return verify_signature(self.key_id, self.key, post, self.now())


def verify_signature(key_id: str, key: VerificationKey, post: Post, now: datetime) -> Proven | None:
    """None where there is no signature, or one of another key, address, body or time.

    A `nonce` in the signature tells two equal posts of one second apart.
    """
    verifier = _Verifier(
        signature_algorithm=_algorithm(key),
        key_resolver=MappingKeyResolver(public_keys={key_id: key}, private_keys={}),
    )
    try:
        (found,) = verifier.verify(_message(post), require_components=COVERED, body=post.body)
    except (InvalidSignature, ValueError):
        return None
    sent_at = read_moment(str(found.parameters["created"]))
    ends_at = read_moment(str(found.parameters.get("expires", "9" * 10)))
    if sent_at is None or not is_timely(sent_at, now) or ends_at is None or ends_at <= now:
        return None
    return Proven(_once(found), sent_at + OLDEST)


def sign_post(
    key_id: str,
    key: SigningKey,
    post: Post,
    now: datetime,
    nonce: str | None = None,
    expires: datetime | None = None,
) -> dict[str, str]:
    """The headers that prove a post, beside those it has: what a provider sends."""
    signer = HTTPMessageSigner(
        signature_algorithm=_algorithm(key),
        key_resolver=MappingKeyResolver(public_keys={}, private_keys={key_id: key}),
    )
    message, covered = _message(post), COVERED
    signer.sign(
        message, key_id=key_id, created=now, expires=expires, nonce=nonce, covered_component_ids=covered, body=post.body
    )
    return {name: value for name, value in message.headers.items() if name not in post.headers}


def read_signature_proof(options: Options, now: Now) -> SignatureProof:
    """From `{key_id, key}` or `{key_id, public_key}`. Raises: InvalidOptions."""
    key_id, text = options.required_text("key_id"), options.text("public_key")
    return SignatureProof(key_id, read_key(options) if text is None else _public_key(options, text), now)


def _public_key(options: Options, text: str) -> VerificationKey:
    try:
        key = load_pem_public_key(text.encode())
    except (ValueError, UnsupportedAlgorithm):
        key = None
    match key:
        case ed25519.Ed25519PublicKey():
            return key
        case ec.EllipticCurvePublicKey(curve=ec.SECP256R1()):
            return key
        case rsa.RSAPublicKey() if key.key_size >= 2048:
            return key
    raise options.invalid("public_key", "a key in PEM is expected: Ed25519, P-256, or RSA of 2048 bits or more")


def _algorithm(key: SigningKey | VerificationKey) -> type[HTTPSignatureAlgorithm]:
    if isinstance(key, bytes):
        return HMAC_SHA256
    if isinstance(key, ed25519.Ed25519PrivateKey | ed25519.Ed25519PublicKey):
        return ED25519
    is_rsa = isinstance(key, rsa.RSAPrivateKey | rsa.RSAPublicKey)
    return RSA_PSS_SHA512 if is_rsa else ECDSA_P256_SHA256


def _message(post: Post) -> SimpleNamespace:
    return SimpleNamespace(method="POST", url=post.url, headers=dict(post.headers))


def _once(found: VerifyResult) -> str:
    """Of what was signed, not of the signature: of that, there may be several for one text."""
    signed = "\n".join(f"{name}: {value}" for name, value in found.covered_components.items())
    return hashlib.sha256(signed.encode()).hexdigest()
