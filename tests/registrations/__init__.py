"""Providers that are brought in while the gateway runs."""
