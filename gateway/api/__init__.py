"""Starlette routes, identity, request context and the GraphQL schema."""
