"""What a browser sees at the endpoint."""

import json
import secrets
from html import escape
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from gateway.api.ide.assets import Built, built
from gateway.api.ide.examples import examples
from gateway.api.ide.policy import CDN, built_policy, cdn_policy

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Telecom self-service gateway</title>
<link rel="icon" href="data:,">
%(head)s
<script type="application/json" id="examples">%(examples)s</script>
</head>
<body>
<header id="bar">
<h1>Telecom self-service gateway</h1>
<p id="problem" role="alert"></p>
<form id="sign-in" method="post" action="auth/session" aria-label="Sign in">
<label>Username <input name="username" autocomplete="username" autocapitalize="none" required></label>
<label>Password <input name="password" type="password" autocomplete="current-password" required></label>
<label id="code" hidden>One-time code <input name="code" autocomplete="one-time-code" autocapitalize="none"></label>
<button>Sign in</button>
%(sign_on)s</form>
<form id="sign-out" method="post" action="auth/session" aria-label="Sign out" hidden>
<span id="who" role="status"></span>
<button>Sign out</button>
</form>
</header>
<main id="ide"><p>The editor is on its way. This is a GraphQL endpoint: any other client asks it by POST with JSON.</p>
</main>
</body>
</html>
"""


def visit(request: Request, sign_on: str | None = None) -> Response:
    """The page: with the built assets where they are there, else with the same packages from a CDN.

    `sign_on` is what the operator's identity provider is called, where there is one.
    """
    host = request.headers.get("host", "")
    found = built()
    if found:
        head, policy = _built_head(found), built_policy(host)
    else:
        nonce = secrets.token_urlsafe(16)
        head, policy = _cdn_head(nonce), cdn_policy(host, nonce)
    headers = {
        "content-security-policy": policy,
        "x-content-type-options": "nosniff",
        "referrer-policy": "no-referrer",
        "cross-origin-opener-policy": "same-origin",
        # The next build has other names; and the same address answers other clients otherwise.
        "cache-control": "no-store",
        "vary": "accept",
    }
    content = {"head": head, "examples": _data(examples()), "sign_on": _sign_on(sign_on)}
    return HTMLResponse(_PAGE % content, headers=headers)


def _sign_on(name: str | None) -> str:
    if name is None:
        return ""
    return f'<a id="single-sign-on" href="auth/oidc/login?return=/graphql">Sign in with {escape(name)}</a>\n'


def _built_head(files: Built) -> str:
    return (
        f'<link rel="stylesheet" href="graphql/ide/{files.style}">\n'
        f'<script type="module" src="graphql/ide/{files.script}"></script>'
    )


def _cdn_head(nonce: str) -> str:
    return (
        '<link rel="stylesheet" href="graphql/ide/ide.css">\n'
        f'<script defer src="graphql/ide/cdn.js" nonce="{nonce}" data-cdn="{CDN}/npm/"></script>'
    )


def _data(value: Any) -> str:
    """JSON that can stand in a page: no tag in it ends the element around it."""
    return json.dumps(value).replace("<", "\\u003c")
