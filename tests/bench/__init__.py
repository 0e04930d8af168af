"""What the gateway costs, measured on this machine: `python -m tests.bench`. The tests only try it, on little."""
