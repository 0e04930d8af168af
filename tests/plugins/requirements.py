"""Ties tests to the requirements that they prove, and prints at the end which requirement has which proof."""

import tomllib
from collections import Counter, defaultdict
from collections.abc import Generator, Iterator
from functools import cache
from pathlib import Path

import pytest

_TITLES_FILE = Path(__file__).parents[1] / "requirements.toml"
_PROPERTY = "requirement"


@cache
def load_titles() -> dict[str, str]:
    """Each requirement's id and short title, in the order of the file."""
    return {str(key): str(title) for key, title in tomllib.loads(_TITLES_FILE.read_text("utf-8")).items()}


def _ids(item: pytest.Item) -> list[str]:
    marks = item.iter_markers("requirement")
    return list(dict.fromkeys(str(argument) for mark in marks for argument in mark.args))


def pytest_configure(config: pytest.Config) -> None:
    """Declare the marker, and count where the reports arrive."""
    config.addinivalue_line("markers", "requirement(id, ...): the rows of tests/requirements.toml that the test proves")
    # A worker only sends its reports on, with the ids in them.
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(_Table(load_titles()), "requirements-table")


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Write each test's requirements into its reports; an unknown one is an error of the collection."""
    report = yield
    titles = load_titles()
    for item in report.result or ():
        if isinstance(item, pytest.Item):
            unknown = [requirement for requirement in _ids(item) if requirement not in titles]
            if unknown:
                return pytest.CollectReport(
                    collector.nodeid, "failed", f"{item.nodeid}: unknown requirement {unknown[0]!r}", []
                )
            item.user_properties.extend((_PROPERTY, requirement) for requirement in _ids(item))
    return report


class _Table:
    """What the tests of this run show of each requirement."""

    def __init__(self, titles: dict[str, str]) -> None:
        self._titles = titles
        self._passed: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self._failed: Counter[str] = Counter()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        requirements = [str(value) for name, value in report.user_properties if name == _PROPERTY]
        if report.failed:
            self._failed.update(requirements)
        elif report.when == "call" and report.passed and not hasattr(report, "wasxfail"):
            for requirement in requirements:
                # The cases of one parametrized test are one line.
                self._passed[requirement][report.nodeid.partition("[")[0]] += 1

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if not self._passed and not self._failed:
            return
        terminalreporter.section("requirements, and the tests that prove them")
        for requirement, title in self._titles.items():
            for line in self._row(requirement, title):
                terminalreporter.write_line(line)
        without = [requirement for requirement in self._titles if not self._passed.get(requirement)]
        proved = len(self._titles) - len(without)
        terminalreporter.write_line(f"{proved} of {len(self._titles)} proved; not proved: {' '.join(without) or '-'}")

    def _row(self, requirement: str, title: str) -> Iterator[str]:
        tests = self._passed.get(requirement, Counter())
        failed = self._failed[requirement]
        yield f"{requirement:>4}  {tests.total() or '-':>4}  {title}" + (f"  ({failed} failed)" if failed else "")
        for test, cases in sorted(tests.items()):
            yield " " * 12 + test + (f"  x{cases}" if cases > 1 else "")
