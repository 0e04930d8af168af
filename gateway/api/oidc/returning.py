"""Where a browser may be sent after a sign-in: to the gateway's own paths, to known origins, to known apps."""

import re
from urllib.parse import urlsplit

from authlib.common.urls import add_params_to_uri

from gateway.api.oidc.parts import OidcSettings

LIMIT = 2000
# What a browser takes for something else than it looks like: it drops control characters, and turns \ into /.
_PLAIN = re.compile(r"[!-\[\]-~]+")


def may_return_to(address: str, settings: OidcSettings, *, is_app: bool) -> bool:
    """Whether it is no way out to a stranger's; a custom scheme is for who redeems a code (`is_app`)."""
    if len(address) > LIMIT or not _PLAIN.fullmatch(address):
        return False
    if is_app and address in settings.return_addresses:
        return True
    if address.startswith("/"):
        return not address.startswith("//")
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    return f"{parts.scheme}://{parts.netloc}" in settings.origins


def with_answer(address: str, **answer: str) -> str:
    """The address with more in its query."""
    return str(add_params_to_uri(address, list(answer.items())))
