"""A gateway without accounts, for what the page shows of itself."""

from tests.api.conftest import gateway

__all__ = ["gateway"]
