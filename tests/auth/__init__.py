"""Accounts and sessions over real HTTP."""
