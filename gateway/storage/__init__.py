"""Implements the ports on SQL, and the wake-up bus."""
