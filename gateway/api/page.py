"""What a browser sees at the endpoint: what this is, and how to ask."""

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Telecom self-service gateway</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; max-width: 46rem; margin: 3rem auto; padding: 0 1rem }
pre { background: #f3f3f3; padding: 1rem; overflow: auto }
</style>
<h1>Telecom self-service gateway</h1>
<p>This is a GraphQL endpoint: products, orders and bills of many telecom providers in one schema.
Ask it with POST and JSON:</p>
<pre>curl http://localhost:8000/graphql -H 'content-type: application/json' \\
  -d '{"query": "{ productOfferings(first: 5) { edges { node { name provider { name } } } } }"}'</pre>
<p>Live events come over a WebSocket at the same address, in the protocol <code>graphql-transport-ws</code>.
The schema describes itself by introspection. Signing in is plain HTTP: <code>POST /auth/session</code>.</p>
</html>
"""


def visit(request: Request) -> Response:
    """The page."""
    return HTMLResponse(PAGE)
