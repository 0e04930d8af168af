"""The simulator's operators, over real HTTP."""
