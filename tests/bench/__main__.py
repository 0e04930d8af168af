"""`python -m tests.bench [PART…]`: measures the parts named, or all, and prints one table."""

import argparse
import asyncio
import sys
import tempfile
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path

from tests.bench import events, many_providers, orders, queries, subscribers, tracing
from tests.bench.figures import Figure, machine, table

Measure = Callable[[Path], Awaitable[Sequence[Figure]]]
PARTS: Mapping[str, Measure] = {
    "queries": queries.measure,
    "tracing": tracing.measure,
    "providers": many_providers.measure,
    "orders": orders.measure,
    "events": events.measure,
    "subscribers": subscribers.measure,
}
LIMIT_S = 900.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints the table; 1 when the parts took too long."""
    parser = argparse.ArgumentParser("python -m tests.bench", description="What the gateway costs on this machine.")
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"any of {', '.join(PARTS)}; default: all")
    chosen = parser.parse_args(arguments).parts or list(PARTS)
    if unknown := set(chosen) - set(PARTS):
        parser.error(f"no such part: {', '.join(sorted(unknown))}")
    facts = machine()
    try:
        figures = asyncio.run(_measured(chosen))
    except TimeoutError:
        sys.stderr.write("bench: it took too long\n")
        return 1
    sys.stdout.write(f"{facts}\n\n{table(figures)}\n")
    return 0


async def _measured(chosen: Sequence[str]) -> list[Figure]:
    found: list[Figure] = []
    async with asyncio.timeout(LIMIT_S):
        for part in chosen:
            sys.stderr.write(f"bench: {part} …\n")
            with tempfile.TemporaryDirectory(prefix="gateway-bench-") as folder:
                found += await PARTS[part](Path(folder))
    return found


if __name__ == "__main__":
    sys.exit(main())
