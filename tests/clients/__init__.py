"""Clients that no one here wrote, and the tools of those who write frontends."""
