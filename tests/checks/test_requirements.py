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
def test_the_table_counts_passing_tests_alone(pytester: pytest.Pytester, processes: str) -> None:
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.requirement("V1", "V2")
        def test_passes(): pass

        @pytest.mark.requirement("V2")
        def test_fails(): assert False

        @pytest.mark.requirement("V3")
        @pytest.mark.skip
        def test_skipped(): pass
        """
    )

    result = pytester.runpytest_subprocess("-p", "tests.plugins.requirements", "-n", processes)

    result.stdout.re_match_lines(
        [r" +V1 +1  \D+$", r" +V2 +1  .+\(1 failed\)$", r" +V3 +-  ", r"2 of \d+ proved; .* V3"]
    )


def test_an_unknown_requirement_stops_the_run(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("import pytest\n\n@pytest.mark.requirement('V99')\ndef test_passes(): pass\n")

    result = pytester.runpytest_subprocess("-p", "tests.plugins.requirements")

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*unknown requirement 'V99'*"])
