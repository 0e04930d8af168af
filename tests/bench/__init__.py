"""What the gateway costs, measured on this machine: `python -m tests.bench`. No test run collects it."""
