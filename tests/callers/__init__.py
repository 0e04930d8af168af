"""The table of callers: who may do what."""
