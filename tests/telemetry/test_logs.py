"""Log lines: one form for all of them, the trace that they belong to, and nothing of a person."""

import io
import json
import logging
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import structlog

from gateway.api.telemetry.traces import Trace, current
from gateway.api.telemetry.watching import Telemetry
from gateway.cli.logs import set_up_logs
from gateway.contract import ContractBroken
from gateway.settings import Settings
from tests.api.running import Running
from tests.federation.scripted import failing
from tests.telemetry.test_operations import break_caller
from tests.telemetry.test_traces import SAMPLED, TRACE

SECRET = "Familjen Lindqvist"


class Speaking:
    """Breaks, and says what nobody may hear."""

    def __getattr__(self, name: str) -> Any:
        raise ValueError(SECRET)


Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], io.StringIO]]:
    """Sets the logs of this process up in that form, and gives what they are written to; as before at the end."""
    root, engine, stream = logging.getLogger(), logging.getLogger("dbos"), io.StringIO()
    kept = root.level, engine.handlers[:], engine.propagate
    # As in a process that has just begun: a server that ran with a configuration of its own has left that behind.
    for name in ("uvicorn", "uvicorn.error"):
        for attribute, value in (("handlers", []), ("propagate", True), ("level", logging.NOTSET)):
            monkeypatch.setattr(logging.getLogger(name), attribute, value)

    def set_up(form: str) -> io.StringIO:
        with monkeypatch.context() as patched:
            patched.setattr(sys, "stderr", stream)
            set_up_logs(Settings.model_validate({"log_format": form, "log_level": "DEBUG"}))
        return stream

    yield set_up
    root.handlers = [each for each in root.handlers if getattr(each, "stream", None) is not stream]
    root.level, engine.handlers, engine.propagate = kept
    structlog.reset_defaults()


@pytest.fixture
def lines(written: Callable[[str], io.StringIO]) -> Lines:
    """What was logged so far, as JSON."""
    stream = written("json")
    return lambda: [json.loads(line) for line in stream.getvalue().splitlines()]


def test_each_line_of_a_request_is_an_object_with_its_trace_whoever_wrote_it(lines: Lines) -> None:
    trace = Trace(Telemetry().metrics)

    current.set(trace)
    structlog.get_logger("gateway.api").warning("ours", provider="nord", parts=(1, object()))
    logging.getLogger("a.library").warning("another's %s", "word")
    current.set(None)
    logging.getLogger("a.library").warning("outside")

    found = lines()
    assert [(each["logger"], each["level"], each["event"], each.get("trace_id")) for each in found] == [
        ("gateway.api", "warning", "ours", trace.hex),
        ("a.library", "warning", "another's word", trace.hex),
        ("a.library", "warning", "outside", None),
    ]
    assert found[0]["parts"] == [1, "object"]
    assert all(each["timestamp"].endswith("Z") for each in found)


def test_a_line_for_the_terminal_has_keys_and_values(written: Callable[[str], io.StringIO]) -> None:
    stream = written("console")

    structlog.get_logger("gateway.api").warning("one thing", provider="nord")

    _, _, line = stream.getvalue().partition(" ")
    assert line == 'level=warning logger=gateway.api event="one thing" provider=nord\n'


def test_an_exception_is_told_by_its_kind_and_place_and_never_by_its_text(lines: Lines) -> None:
    try:
        raise ValueError(SECRET)
    except ValueError:
        logging.getLogger("uvicorn.error").exception("Exception in ASGI application")

    (line,) = lines()
    assert line["kind"] == "ValueError"
    assert line["frames"][-1].endswith("test_an_exception_is_told_by_its_kind_and_place_and_never_by_its_text")
    assert SECRET not in json.dumps(line)


async def test_what_broke_within_a_request_is_found_by_its_trace_and_tells_no_secret(
    gateway: Running, lines: Lines
) -> None:
    break_caller(gateway)
    speaking: Any = Speaking()
    gateway.tokens.callers["speaking"] = speaking

    await gateway.ask("{ viewer { username } }", token="broken", traceparent=SAMPLED)
    await gateway.ask(
        "query($name: ID!) { order(id: $name) { id } }", {"name": SECRET}, "speaking", traceparent=SAMPLED
    )

    found = lines()
    assert [each["event"].strip() for each in found] == ["fault", "fault", "Exception in ASGI application"]
    assert {each["trace_id"] for each in found} == {TRACE}
    assert SECRET not in json.dumps(found, ensure_ascii=False)


async def test_a_leaking_adapter_is_told_of_by_the_kind_of_its_error(gateway: Running, lines: Lines) -> None:
    gateway.provider.behaviour = failing(ValueError(SECRET))
    provider = gateway.core.directory.provider("nord")
    assert provider is not None
    assert provider.catalog is not None

    operation = gateway.telemetry.operation("query", "Q", carrier={"traceparent": SAMPLED})
    with operation.entered(), pytest.raises(ContractBroken):
        await provider.catalog.offering("o-1")

    (line,) = lines()
    assert line["event"] == "adapter of nord leaked ValueError in catalog"
    assert line["trace_id"] == TRACE
