"""One GraphQL endpoint for telecom self-service over many providers."""
