"""Signing in by an identity provider that runs."""
