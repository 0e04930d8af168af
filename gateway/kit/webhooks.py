"""Whether what is posted comes from the provider, by HMAC: SHA-256 over `<webhook-id>.<webhook-timestamp>.<body>`."""

import hashlib
import hmac
import re
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from gateway.contract import Post, Proven
from gateway.kit.options import Options
from gateway.kit.trouble import Now

# How old a post may be, and how far ahead the provider's clock.
OLDEST = timedelta(minutes=5)
AHEAD = timedelta(minutes=1)
KEY_PREFIX = "whsec_"


@dataclass(frozen=True, slots=True)
class HmacProof:
    """See contract.EventProof. Source: Standard Webhooks 1.0, signature scheme v1."""

    key: bytes = field(repr=False)
    now: Now

    def check(self, post: Post) -> Proven | None:
        """Proven by any of the signatures in the header: a key may be changed for another one."""
        return verify_hmac(self.key, post.headers, post.body, self.now())


def verify_hmac(key: bytes, headers: Mapping[str, str], body: bytes, now: datetime) -> Proven | None:
    """None where one of the headers is missing or makes no sense, the time is over, or no signature is the key's."""
    post_id, stamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    sent_at = read_moment(stamp)
    if not re.fullmatch(r"[!-~]{1,256}", post_id) or sent_at is None or not is_timely(sent_at, now):
        return None
    expected = _digest(key, post_id, stamp, body)
    if not any(hmac.compare_digest(expected, each) for each in _signatures(headers)):
        return None
    return Proven(expected.hex(), sent_at + OLDEST)


def sign_hmac(key: bytes, body: bytes, post_id: str, now: datetime) -> dict[str, str]:
    """The headers that prove a post: what a provider sends."""
    stamp = str(int(now.timestamp()))
    signature = b64encode(_digest(key, post_id, stamp, body)).decode()
    return {"webhook-id": post_id, "webhook-timestamp": stamp, "webhook-signature": f"v1,{signature}"}


def is_timely(sent_at: datetime, now: datetime) -> bool:
    """Whether a post of that moment may still count."""
    return now - OLDEST < sent_at <= now + AHEAD


def read_moment(text: str) -> datetime | None:
    """Seconds since 1970, as they stand in a header."""
    return datetime.fromtimestamp(int(text), UTC) if re.fullmatch(r"[0-9]{1,11}", text) else None


def read_key(options: Options) -> bytes:
    """The option `key`: 24 to 64 bytes in base64, with or without `whsec_` before it. Raises: InvalidOptions."""
    text = options.required_text("key").removeprefix(KEY_PREFIX)
    try:
        key = b64decode(text, validate=True)
    except ValueError:
        key = b""
    if not 24 <= len(key) <= 64:
        raise options.invalid("key", "24 to 64 bytes in base64 are expected")
    return key


def _digest(key: bytes, post_id: str, stamp: str, body: bytes) -> bytes:
    return hmac.digest(key, f"{post_id}.{stamp}.".encode() + body, hashlib.sha256)


def _signatures(headers: Mapping[str, str]) -> list[bytes]:
    """A few are enough for a change of keys."""
    found = []
    for each in headers.get("webhook-signature", "").split()[:5]:
        version, _, text = each.partition(",")
        if version == "v1" and re.fullmatch(r"[A-Za-z0-9+/]{43}=", text):
            found.append(b64decode(text))
    return found
