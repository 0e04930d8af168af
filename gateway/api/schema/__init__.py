"""The GraphQL schema: one file an area; resolvers are one call deep and return the domain's own objects."""
