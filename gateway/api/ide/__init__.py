"""The page for a browser at the endpoint: GraphiQL, with the gateway's sign-in and the example operations.

Its scripts are built from pinned packages by `npm ci && npm run build` in this folder; a checkout without that build
has the same packages from a CDN, held to their hashes.
"""
