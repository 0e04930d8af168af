"""Figures as they are printed, and the machine that they were taken on."""

import os
import platform
import sqlite3
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Figure:
    """One row: `beside` is the ratio to what was measured beside it in the same run, `limit` the most wanted."""

    name: str
    value: str
    beside: str = ""
    limit: str = ""


def table(figures: Iterable[Figure]) -> str:
    """A Markdown table, its columns in line."""
    rows = [("what", "figure", "ratio", "limit")]
    rows += [(each.name, each.value, each.beside, each.limit) for each in figures]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    padded = [[cell.ljust(width) for cell, width in zip(row, widths, strict=True)] for row in rows]
    lines = [f"| {' | '.join(row)} |" for row in padded]
    return "\n".join([lines[0], f"|{'|'.join('-' * (width + 2) for width in widths)}|", *lines[1:]])


def renewed(page: str, facts: str, figures: str, mark: str = "figures") -> str:
    """The page, with these facts and this table between its marks of that name."""
    before, begin, rest = page.partition(f"<!-- {mark} -->\n")
    after = rest.partition(f"<!-- /{mark} -->")[2]
    return f"{before}{begin}\n{facts}:\n\n{figures}\n\n<!-- /{mark} -->{after}"


def microseconds(seconds: Sequence[float]) -> str:
    """The median."""
    return f"{statistics.median(seconds) * 1e6:,.0f} µs"


def milliseconds(seconds: float) -> str:
    """To a tenth below 100."""
    return f"{seconds * 1e3:.1f} ms" if seconds < 0.1 else f"{seconds * 1e3:.0f} ms"


def percentile(values: Sequence[float], part: float) -> float:
    """The value that this part of all does not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * part))]


def machine() -> str:
    """One line of facts; the load says whether the machine was otherwise idle."""
    return (
        f"{os.cpu_count()} cores, {_model()}, {platform.system()} {platform.release()}, "
        f"{platform.python_implementation()} {platform.python_version()}, SQLite {sqlite3.sqlite_version}; "
        f"load before the run {os.getloadavg()[0]:.1f}"
    )


def _model() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())
