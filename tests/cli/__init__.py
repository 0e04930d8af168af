"""The command line and what is set from outside."""
