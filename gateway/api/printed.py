"""The schema as text: what stands in `schema.graphql` at the top level."""

from gateway.api.schema.built import schema


def printed() -> str:
    """The printed schema, descriptions and callers included, with a newline at its end."""
    return schema.as_str().rstrip() + "\n"
