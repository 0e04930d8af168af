"""The headers by which the gateway proves to a provider who it is."""

from base64 import b64encode
from collections.abc import Mapping

from gateway.kit.options import Options


def credential_headers(options: Options | None) -> Mapping[str, str]:
    """From `{bearer_token}` or `{basic: {username, password}}`; none without. Raises: InvalidOptions."""
    if options is None:
        return {}
    token, basic = options.text("bearer_token"), options.section("basic")
    options.end()
    if token and basic is None:
        return {"Authorization": f"Bearer {token}"}
    if basic is None or token:
        raise options.invalid("bearer_token", "give either bearer_token, or basic with username and password")
    username, password = basic.required_text("username"), basic.required_text("password")
    basic.end()
    return {"Authorization": "Basic " + b64encode(f"{username}:{password}".encode()).decode()}
