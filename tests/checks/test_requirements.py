"""The list of requirements is whole, and the table tells the truth."""

import re
from pathlib import Path

import pytest

from tests.plugins.requirements import load_titles

pytest_plugins = ["pytester"]


def test_every_shared_requirement_has_a_title_here(shared_dir: Path) -> None:
    text = (shared_dir / "requirements.md").read_text("utf-8")

    ids = re.findall(r"^\| ([A-Z]\d+) \|", text, flags=re.MULTILINE)

    assert list(load_titles()) == ids


def test_titles_are_short() -> None:
    assert {key: title for key, title in load_titles().items() if not 0 < len(title) <= 60} == {}


@pytest.mark.parametrize("processes", ["0", "2"])
def test_the_table_names_the_passing_tests_alone(pytester: pytest.Pytester, processes: str) -> None:
    pytester.makepyfile(
        test_it="""
        import pytest

        @pytest.mark.requirement("V1", "V2")
        def test_passes(): pass

        @pytest.mark.requirement("V2")
        def test_fails(): assert False

        @pytest.mark.requirement("V3")
        @pytest.mark.parametrize("case", [1, 2])
        def test_cases(case): pass

        @pytest.mark.requirement("V4")
        @pytest.mark.skip
        def test_skipped(): pass
        """
    )

    result = _run(pytester, "-n", processes)

    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.re_match_lines(
        [
            r" +V1 +1  [^(]+$",
            r" .*test_it.py::test_passes$",
            r" +V2 +1  .+\(1 failed\)$",
            r" .*test_it.py::test_passes$",
            r" +V3 +2  ",
            r" .*test_it.py::test_cases  x2$",
            r" +V4 +-  ",
            r" +V5 +-  ",
            r"3 of \d+ proved; .* V4 V5 ",
        ],
    )


@pytest.mark.parametrize("processes", ["0", "2"])
def test_an_unknown_requirement_stops_the_run(pytester: pytest.Pytester, processes: str) -> None:
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.requirement("V99")
        def test_passes(): pass

        def test_other(): pass
        """
    )

    result = _run(pytester, "-n", processes)

    assert result.ret in (pytest.ExitCode.INTERRUPTED, pytest.ExitCode.TESTS_FAILED)
    result.stdout.fnmatch_lines(["*test_passes: unknown requirement 'V99'"])
    result.assert_outcomes(errors=1)


def _run(pytester: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    return pytester.runpytest_subprocess("-p", "tests.plugins.requirements", "-p", "no:schemathesis", *arguments)
