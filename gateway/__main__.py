"""Starts the command line: `gateway`, or `python -m gateway`."""

import sys


def main() -> None:
    """Runs the command line, and ends the process with its status."""
    from gateway.cli.commands import run

    sys.exit(run())


if __name__ == "__main__":
    main()
