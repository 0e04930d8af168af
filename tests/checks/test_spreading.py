"""A run of all tests takes all cores, a run of some takes one, and what belongs together stays together."""

from textwrap import dedent

import pytest

pytest_plugins = ["pytester"]
WITHOUT = "-p no:schemathesis -p no:hypothesispytest -p no:asyncio -p no:anyio"
TELLING = """
    import os, pytest

    @pytest.mark.parametrize("number", range(5))
    def test_it(number):
        with open({log!r}, "a") as log:
            print(__file__.split("/tests/")[-1], os.environ.get("PYTEST_XDIST_WORKER", "alone"), file=log)
"""
WAITING = """
    import pathlib, pytest, time

    @pytest.mark.parametrize("number", range(2))
    def test_it(number):
        pathlib.Path(f"{folder}/{{number}}").touch()
        until = time.monotonic() + 10
        while not pathlib.Path(f"{folder}/{{1 - number}}").exists():
            assert time.monotonic() < until
            time.sleep(0.01)
"""


@pytest.fixture(autouse=True)
def _in_no_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    """These tests may themselves run in one."""
    monkeypatch.delenv("PYTEST_XDIST_WORKER", raising=False)


def _run(pytester: pytest.Pytester, files: dict[str, str], *arguments: str) -> None:
    pytester.makeini(f"[pytest]\ntestpaths = tests\naddopts = --import-mode=importlib {WITHOUT}")
    pytester.makeconftest('pytest_plugins = ["tests.plugins.spreading"]')
    for file, text in files.items():
        path = pytester.path / "tests" / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text), "utf-8")
    assert pytester.runpytest_subprocess(*arguments).ret == pytest.ExitCode.OK


def _workers(pytester: pytest.Pytester, *arguments: str) -> dict[str, set[str]]:
    """Which processes ran each file's tests."""
    log = pytester.path / "log"
    files = ("api/test_a.py", "clients/test_b.py", "clients/test_c.py")
    _run(pytester, dict.fromkeys(files, TELLING.format(log=str(log))), *arguments)
    told = [line.split() for line in log.read_text("utf-8").splitlines()]
    return {file: {worker for each, worker in told if each == file} for file in files}


def test_all_tests_run_in_several_processes(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTEST_XDIST_AUTO_NUM_WORKERS", "2")

    workers = _workers(pytester)

    assert set().union(*workers.values()) == {"gw0", "gw1"}


@pytest.mark.parametrize("arguments", [("tests/api",), ("-k", "test_it")], ids=" ".join)
def test_a_chosen_run_starts_no_other_process(pytester: pytest.Pytester, arguments: tuple[str, ...]) -> None:
    workers = _workers(pytester, *arguments)

    assert set().union(*workers.values()) == {"alone"}


def test_a_file_and_a_folder_that_shares_a_server_stay_with_one_worker(pytester: pytest.Pytester) -> None:
    workers = _workers(pytester, "-n", "2")

    assert len(workers["api/test_a.py"]) == 1
    assert len(workers["clients/test_b.py"] | workers["clients/test_c.py"]) == 1


def test_long_tests_of_one_file_run_side_by_side(pytester: pytest.Pytester) -> None:
    _run(pytester, {"e2e/test_crash.py": WAITING.format(folder=pytester.path)}, "-n", "2")
