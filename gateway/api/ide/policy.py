"""What the page may do in a browser: its content security policy, for the built assets and for a CDN."""

import re
from collections.abc import Mapping

CDN = "https://cdn.jsdelivr.net"

_POLICY: Mapping[str, str] = {
    "default-src": "'none'",
    "script-src": "'self'",
    # Monaco draws each line of text with `style` attributes in markup, and keeps its colours and the widths of its
    # panes in <style> elements that it makes and rewrites: neither has a nonce or a hash to know it by.
    "style-src": "'self' 'unsafe-inline'",
    # The editor's icons and fonts, and the squiggles below mistakes, are data in the style sheet.
    "font-src": "data:",
    "img-src": "data:",
    "worker-src": "'self'",
    "connect-src": "'self'",
    "base-uri": "'none'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
}
# A worker is a document of its own: it takes messages from the page and loads nothing.
ASSET_POLICY = "default-src 'none'; frame-ancestors 'none'"


def built_policy(host: str) -> str:
    """Everything from the gateway itself. `host` is the request's."""
    return _joined({**_POLICY, "connect-src": f"'self'{_socket(host)}"})


def cdn_policy(host: str, nonce: str) -> str:
    """Beside the gateway's own, the packages of the CDN."""
    return _joined(
        {
            **_POLICY,
            # The nonce is the import map's, which holds each module to its hash. A package that is no module is
            # fetched with its hash and made one in the page: that is a blob.
            "script-src": f"'self' 'nonce-{nonce}' {CDN}/npm/ blob:",
            "style-src": f"'self' 'unsafe-inline' {CDN}/npm/",
            "connect-src": f"'self' {CDN}/npm/{_socket(host)}",
            # No worker can be held to hashes: there is none.
            "worker-src": "'none'",
        }
    )


def _joined(policy: Mapping[str, str]) -> str:
    return "; ".join(f"{name} {value}" for name, value in policy.items())


def _socket(host: str) -> str:
    # Not every browser takes 'self' for the WebSocket of the same host.
    return f" ws://{host} wss://{host}" if re.fullmatch(r"[a-zA-Z0-9.-]+(:\d+)?|\[[0-9a-fA-F:]+\](:\d+)?", host) else ""
