"""The simulator's page does what it says."""

import re
import shlex
from pathlib import Path
from typing import Any

from providers.simulator.commandline import parser

README = Path(__file__).parents[2] / "providers" / "simulator" / "README.md"


def _blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README.read_text("utf-8"), re.DOTALL)


async def test_the_example_for_a_test_runs(tmp_path: Path) -> None:
    (example,) = _blocks("python")
    names: dict[str, Any] = {}

    exec(example, names)  # noqa: S102

    await names["test_it"](tmp_path)


def test_the_command_is_understood() -> None:
    (command,) = _blocks("console")

    said = parser().parse_args(shlex.split(command)[3:])

    assert said.data == Path("operators")


def test_every_option_on_the_page_is_there() -> None:
    options = set(re.findall(r"--[a-z-]+", README.read_text("utf-8"))) - {"--help"}
    known = parser().format_help() + (parser().parse_args(["serve", "--data", "x"]).__repr__())

    assert options
    assert {option for option in options if option.removeprefix("--").replace("-", "_") not in known} == set()
