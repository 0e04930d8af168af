"""What log lines have and have not: the trace they belong to, and never the text of an exception."""

from collections.abc import MutableMapping
from types import TracebackType
from typing import Any

from gateway.api.telemetry.traces import current_id

FRAMES = 12


def with_trace(_logger: Any, _method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Adds `trace_id` within a request, and within a call to a provider."""
    trace_id = line.get("trace_id") or current_id()
    if trace_id is not None:
        line["trace_id"] = trace_id
    return line


def without_texts(_logger: Any, _method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Tells an exception by its kind and where it was: its own text may hold what a person typed."""
    found = line.pop("exc_info", None)
    error = found[1] if isinstance(found, tuple) else found
    if isinstance(error, BaseException):
        line["kind"] = type(error).__name__
        line["frames"] = frames(error.__traceback__)
    return line


def frames(trace: TracebackType | None) -> list[str]:
    """The innermost places of a traceback, the last one where it happened."""
    found: list[str] = []
    while trace is not None:
        code = trace.tb_frame.f_code
        found.append(f"{code.co_filename}:{trace.tb_lineno} {code.co_name}")
        trace = trace.tb_next
    return found[-FRAMES:]
