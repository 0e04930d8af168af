"""What a command has to say, on stdout, at once."""

import os
import sys


def say(*lines: str) -> None:
    """Prints lines for whoever called the command."""
    try:
        print(*lines, sep="\n", flush=True)  # noqa: T201
    except BrokenPipeError:
        # Whoever read our words is gone; that is no reason to end the gateway.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
