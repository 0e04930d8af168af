"""The suite's part of pytest: its options, and a closing summary in which nothing that did not run is left out.

It comes by the entry point group `pytest11`, as options of a package that is named by `--pyargs` can't come by a
conftest. Source: pytest issue 1596.
"""

import asyncio
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from gateway.kit.conformance.bench import Bench
    from gateway.kit.conformance.suite import Finding

PROPERTY = "gateway.conformance"
NOT_RUN = "NOT RUN"
_BENCH = pytest.StashKey["Bench"]()


class Summary:
    """What each check has come to, by its name. Filled from reports, so that it is whole with several workers, too."""

    def __init__(self, names: tuple[str, ...]) -> None:
        self.names = names
        self.found: dict[str, tuple[str, str, str]] = {}
        self.deselected = 0

    @property
    def counts(self) -> Mapping[str, int]:
        """How many checks have come to each result."""
        return Counter(self.found[name][0] if name in self.found else NOT_RUN for name in self.names)

    @property
    def is_pass(self) -> bool:
        """Whether every check of the suite ran, and none failed."""
        return not self.counts.get("FAILED") and not self.counts.get(NOT_RUN)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Takes in a finding."""
        for key, value in report.user_properties:
            if key == PROPERTY and isinstance(value, list):
                name, *found = map(str, value)
                self.found[name] = (found[0], found[1], found[2])

    def pytest_deselected(self, items: list[pytest.Item]) -> None:
        """Counts what somebody took out."""
        self.deselected += len(items)

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """A run with fewer checks than the suite has is no pass, whoever left them out."""
        if session.exitstatus == 0 and not self.is_pass:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """A line for each check, those that did not run, too; then how many came to what."""
        terminalreporter.section("conformance")
        for name in self.names:
            result, took, detail = self.found.get(name, (NOT_RUN, "", "left out of this run"))
            terminalreporter.write_line(f"{result:9} {name:26} {took:>9}  {detail}".rstrip())
        counts = self.counts
        run = len(self.names) - counts.get(NOT_RUN, 0) - counts.get("LACKING", 0)
        terminalreporter.write_line(
            f"conformance: {'PASS' if self.is_pass else 'NO PASS'}: {run} run, {counts.get('FAILED', 0)} failed,"
            f" {counts.get('DEVIATES', 0)} deviating, {counts.get('LACKING', 0)} lacking,"
            f" {counts.get(NOT_RUN, 0)} not run ({self.deselected} deselected)"
        )


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--adapter` and `--settings`."""
    group = parser.getgroup("gateway", "conformance of a gateway adapter")
    group.addoption("--adapter", metavar="NAME", help="the adapter's name in the entry point group gateway.adapters")
    group.addoption("--settings", metavar="FILE", help="the provider, with its section `conformance`")


def pytest_configure(config: pytest.Config) -> None:
    """Reads what is declared, where the suite is asked for. Raises: UsageError."""
    adapter, file = config.getoption("--adapter"), config.getoption("--settings")
    if adapter is None and file is None:
        return
    if adapter is None or file is None:
        raise pytest.UsageError("the conformance suite needs both --adapter NAME and --settings FILE")
    bench, names = _opened(str(adapter), Path(str(file)))
    config.stash[_BENCH] = bench
    # A worker only sends its reports on, with the findings in them.
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Summary(names), "gateway-conformance-summary")


def _opened(adapter: str, file: Path) -> "tuple[Bench, tuple[str, ...]]":
    from gateway.federation.adapters import installed_adapters, why_unknown
    from gateway.kit.conformance.bench import Bench
    from gateway.kit.conformance.declared import NotDeclared, read_declared
    from gateway.kit.conformance.suite import CHECKS

    adapters = installed_adapters()
    if adapter not in adapters:
        raise pytest.UsageError(why_unknown(adapter, adapters))
    try:
        declared = read_declared(file)
    except NotDeclared as error:
        raise pytest.UsageError(str(error)) from None
    names = tuple(each.name for each in CHECKS)
    unknown = sorted(declared.conformance.deviations.keys() - set(names))
    if unknown:
        raise pytest.UsageError(f"{file}: conformance.deviations: there is no check {', '.join(unknown)}")
    bench = Bench(adapters[adapter], declared)
    _try_to_connect(bench, adapter, file)
    return bench, names


def _try_to_connect(bench: "Bench", adapter: str, file: Path) -> None:
    """Once rather than in each check. Whatever else goes wrong, the checks tell it with its traceback."""
    from gateway.contract import InvalidOptions
    from gateway.kit.conformance.bench import NoConnection

    try:
        asyncio.run(bench.capabilities())
    except InvalidOptions as error:
        raise pytest.UsageError(f"{file}: the adapter {adapter!r} refuses its settings: {error}") from None
    except NoConnection as error:
        raise pytest.UsageError(f"the adapter {adapter!r}: {error}") from None
    except Exception:
        return


def bench_of(config: pytest.Config) -> "Bench":
    """What the checks are run with. Raises: UsageError."""
    if _BENCH not in config.stash:
        raise pytest.UsageError("the conformance suite needs --adapter NAME and --settings FILE")
    return config.stash[_BENCH]


def record(item: pytest.Item, name: str, found: "Finding") -> None:
    """Keeps a finding with the test's report."""
    took = f"{1000 * found.took_s:.0f} ms"
    # Plain texts: what a worker sends is no more than that.
    item.user_properties.append((PROPERTY, [name, found.result.value, took, f"{found.detail}"]))
