"""`python -m tests.bench [--readme] [PART…]`: measures the parts named and prints one table.

Without a name: all but the long ones, which `load` stands for.
"""

import argparse
import asyncio
import sys
import tempfile
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path

from tests.bench import (
    audiences,
    events,
    large_database,
    many_providers,
    members,
    orders,
    policy,
    queries,
    steady,
    subscribers,
    sustained,
    tracing,
)
from tests.bench.figures import Figure, machine, renewed, table

Measure = Callable[[Path], Awaitable[Sequence[Figure]]]
PARTS: Mapping[str, Measure] = {
    "queries": queries.measure,
    "tracing": tracing.measure,
    "providers": many_providers.measure,
    "members": members.measure,
    "policy": policy.measure,
    "orders": orders.measure,
    "events": events.measure,
    "subscribers": subscribers.measure,
}
LOAD: Mapping[str, Measure] = {
    "audiences": audiences.measure,
    "sustained": sustained.measure,
    "database": large_database.measure,
    "steady": steady.measure,
}
"""The long ones: several gateways, many orders, many minutes."""
LIMIT_S, LOAD_LIMIT_S = 900.0, 4000.0
README = Path(__file__).parents[2] / "README.md"


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints the table; 1 when the parts took too long."""
    parser = argparse.ArgumentParser("python -m tests.bench", description="What the gateway costs on this machine.")
    parser.add_argument(
        "parts", nargs="*", metavar="PART",
        help=f"any of {', '.join(PARTS)} (default: all of these), {', '.join(LOAD)} (all of these: load)",
    )  # fmt: skip
    parser.add_argument("--readme", action="store_true", help="put the table into README.md, in place of the old one")
    given = parser.parse_args(arguments)
    if given.readme and given.parts not in ([], ["load"]):
        parser.error("--readme is for all parts together, or for load alone")
    chosen = [part for name in given.parts or PARTS for part in (LOAD if name == "load" else [name])]
    if unknown := set(chosen) - {*PARTS, *LOAD}:
        parser.error(f"no such part: {', '.join(sorted(unknown))}")
    facts = machine()
    try:
        figures = asyncio.run(_measured(chosen))
    except TimeoutError:
        sys.stderr.write("bench: it took too long\n")
        return 1
    sys.stdout.write(f"{facts}\n\n{table(figures)}\n")
    if given.readme:
        mark = "load" if given.parts else "figures"
        README.write_text(renewed(README.read_text("utf-8"), facts, table(figures), mark), "utf-8")
    return 0


async def _measured(chosen: Sequence[str]) -> list[Figure]:
    found: list[Figure] = []
    async with asyncio.timeout(LOAD_LIMIT_S if LOAD.keys() & set(chosen) else LIMIT_S):
        for part in chosen:
            sys.stderr.write(f"bench: {part} …\n")
            with tempfile.TemporaryDirectory(prefix="gateway-bench-") as folder:
                found += await {**PARTS, **LOAD}[part](Path(folder))
    return found


if __name__ == "__main__":
    sys.exit(main())
