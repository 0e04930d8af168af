"""Ties tests to the requirements that they prove, and prints at the end which requirement has which proof."""

import tomllib
from collections import Counter
from pathlib import Path

import pytest

_TITLES_FILE = Path(__file__).parents[1] / "requirements.toml"
_PROPERTY = "requirement"


def load_titles() -> dict[str, str]:
    """Each requirement's id and short title, in the order of the file."""
    return {str(key): str(title) for key, title in tomllib.loads(_TITLES_FILE.read_text("utf-8")).items()}


def _ids(item: pytest.Item) -> list[str]:
    return [str(argument) for marker in item.iter_markers("requirement") for argument in marker.args]


def pytest_configure(config: pytest.Config) -> None:
    """Declare the marker, and count where the reports arrive."""
    config.addinivalue_line("markers", "requirement(id, ...): the rows of tests/requirements.toml that the test proves")
    # A worker only sends its reports on, with the ids in them.
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(_Table(load_titles()), "requirements-table")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Write each test's requirements into its report; refuse an unknown one."""
    titles = load_titles()
    for item in items:
        for requirement in dict.fromkeys(_ids(item)):
            if requirement not in titles:
                raise pytest.UsageError(f"{item.nodeid}: unknown requirement {requirement!r}")
            item.user_properties.append((_PROPERTY, requirement))


class _Table:
    """Counts the tests that passed, by requirement."""

    def __init__(self, titles: dict[str, str]) -> None:
        self._titles = titles
        self._proofs: Counter[str] = Counter()
        self._failures: Counter[str] = Counter()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self._failures.update(self._of(report))
        elif report.when == "call" and report.passed and not hasattr(report, "wasxfail"):
            self._proofs.update(self._of(report))

    @staticmethod
    def _of(report: pytest.TestReport) -> list[str]:
        return [str(value) for name, value in report.user_properties if name == _PROPERTY]

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if not self._proofs and not self._failures:
            return
        write = terminalreporter.write_line
        terminalreporter.section("requirements: tests that prove each")
        for requirement, title in self._titles.items():
            failed = self._failures[requirement]
            note = f"  ({failed} failed)" if failed else ""
            write(f"{requirement:>4}  {self._proofs[requirement] or '-':>4}  {title}{note}")
        without = [requirement for requirement in self._titles if not self._proofs[requirement]]
        write(
            f"{len(self._titles) - len(without)} of {len(self._titles)} proved; not proved: {' '.join(without) or '-'}"
        )
