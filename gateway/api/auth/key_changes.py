"""How the file of signing keys changes while gateways run: a new key waits until all have read it, an old one stays
until the last token that it signed has ended.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from gateway.api.auth.keys import Keys, keys_of, new_signing_key
from gateway.domain.errors import GatewayError

# Clocks of several machines, and a token that is checked the moment it ends.
MARGIN = timedelta(seconds=60)

Content = Mapping[str, Any]


class KeyNeeded(GatewayError):
    """The key can't go or be followed yet; the text says why, and from when on it can."""


class UnknownKey(GatewayError):
    """There is no signing key of that id."""


@dataclass(frozen=True, slots=True)
class ListedKey:
    """A key as an operator sees it."""

    id: str
    signs: bool
    signs_from: datetime
    checks_until: datetime | None


def listed(content: Content, now: datetime) -> list[ListedKey]:
    """Every signing key, in the order in which they sign."""
    keys = keys_of(content)
    signer = keys.signer(now).kid
    found = []
    for key in keys.signing.keys:
        times = keys.times_of(key.kid or "")
        found.append(ListedKey(key.kid or "", key.kid == signer, times.signs_from, times.checks_until))
    return sorted(found, key=lambda each: each.signs_from)


def with_next(content: Content, now: datetime, after: timedelta, token_lifetime: timedelta) -> tuple[str, Content]:
    """The new key's id, and the content with it: it signs once `after` has passed. Raises: KeyNeeded."""
    keys = keys_of(content)
    waiting = [each for each in listed(content, now) if each.signs_from > now]
    if waiting:
        raise KeyNeeded(f"the key {waiting[0].id} is next already, from {_moment(waiting[0].signs_from)} on")
    new, begins = new_signing_key(), now + after
    signer, until = keys.signer(now).kid, begins + token_lifetime + MARGIN
    times = {**content.get("times", {})}
    times[signer] = {**times.get(signer, {}), "checksUntil": until.isoformat()}
    times[new["kid"]] = {"signsFrom": begins.isoformat()}
    # At the end: a gateway that knows nothing of times goes on signing with the first one.
    return new["kid"], {**content, "signing": [*content["signing"], new], "times": times}


def without(content: Content, key_id: str, now: datetime) -> Content:
    """The content without that key. Raises: UnknownKey, KeyNeeded."""
    keys = keys_of(content)
    if key_id not in {key.kid for key in keys.signing.keys}:
        raise UnknownKey(f"there is no key {key_id}")
    _check_drop(keys, key_id, now)
    signing = [each for each in content["signing"] if each["kid"] != key_id]
    times = {kid: each for kid, each in content.get("times", {}).items() if kid != key_id}
    return {**content, "signing": signing, "times": times}


def _check_drop(keys: Keys, key_id: str, now: datetime) -> None:
    times = keys.times_of(key_id)
    if keys.signer(now).kid == key_id:
        raise KeyNeeded(f"the key {key_id} signs: rotate first")
    if times.signs_from > now:
        raise KeyNeeded(f"the key {key_id} is next: gateways may sign with it from {_moment(times.signs_from)} on")
    if times.checks_until is not None and times.checks_until > now:
        raise KeyNeeded(f"tokens of the key {key_id} may live until {_moment(times.checks_until)}")


def _moment(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"
