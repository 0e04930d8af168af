"""Several gateways on one PostgreSQL."""
