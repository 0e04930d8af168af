"""What is mistyped is told in one line, never by a traceback."""

import subprocess
import sys

import pytest


def _typed(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([sys.executable, "-m", "gateway", *arguments], capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["dmo"], "gateway: No such command 'dmo'. Did you mean 'demo'?"),
        (["demo", "--prot", "1"], "gateway: No such option: --prot (Possible options: --host, --port)"),
    ],
)
def test_a_command_that_there_is_not_is_one_clear_line_and_status_2(arguments: list[str], line: str) -> None:
    done = _typed(*arguments)

    assert (done.returncode, done.stdout, done.stderr) == (2, "", f"{line}\n")


@pytest.mark.parametrize("arguments", [[], ["provider"], ["db"], ["client"]])
def test_a_command_without_its_second_word_shows_which_there_are(arguments: list[str]) -> None:
    done = _typed(*arguments)

    assert done.returncode == 2
    assert done.stderr == ""
    assert "Usage:" in done.stdout
