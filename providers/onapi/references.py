"""What the gateway calls a customer and an order, in the 36 characters that ON-API has for it.

Source: ON-API 2.6, data formats: ID.
"""

import re
from hashlib import sha256

_ID = re.compile(r"[-0-9a-zA-Z.]{1,36}")
_ENDS_WITH_UUID = re.compile(r"(.+)([0-9a-f]{8})-([0-9a-f]{4})-([0-9a-f]{4})-([0-9a-f]{4})-([0-9a-f]{12})")
_SHORTENED = re.compile(r"(.+)([0-9a-f]{8})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{12})")


def reference_of(name: str) -> str:
    """As it is, where it fits; without the hyphens of the UUID that it ends with; else a digest of it."""
    if _ID.fullmatch(name) and not _SHORTENED.fullmatch(name):
        return name
    shortened = "".join(_ENDS_WITH_UUID.fullmatch(name).groups()) if _ENDS_WITH_UUID.fullmatch(name) else ""  # type: ignore[union-attr]
    return shortened if _ID.fullmatch(shortened) else digest_of(name)


def name_of(reference: str) -> str:
    """The reverse; of a digest, the digest."""
    found = _SHORTENED.fullmatch(reference)
    return found[1] + "-".join(found.groups()[1:]) if found else reference


def digest_of(name: str) -> str:
    """32 characters: for the key of an order, which is long and tells of our own ids."""
    return sha256(name.encode()).hexdigest()[:32]
