"""Where log lines go: to stderr, one line each, from the level and in the form that are set."""

import asyncio
import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import orjson
import structlog
from structlog.stdlib import ProcessorFormatter

from gateway.api.telemetry.log_lines import with_trace, without_texts
from gateway.settings import Settings


def set_up_logs(settings: Settings) -> None:
    """For the whole process; stdout is kept for what a command has to say."""
    level = logging.getLevelNamesMapping()[settings.log_level]
    common: list[Any] = [
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso"),
        with_trace,
        without_texts,
    ]
    form = _json if settings.log_format == "json" else _logfmt
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        ProcessorFormatter(processors=[ProcessorFormatter.remove_processors_meta, form], foreign_pre_chain=common)
    )
    logging.basicConfig(level=level, handlers=[handler], force=True)
    # What the clients of providers and the server say of each request is for debugging alone; the engine would have
    # a handler of its own.
    for chatty in ("aiosqlite", "asyncio", "websockets", "uvicorn", "urllib3"):
        logging.getLogger(chatty).setLevel(max(level, logging.WARNING))
    logging.getLogger("uvicorn.error").addFilter(_cut_in_one_line)
    engine = logging.getLogger("dbos")
    engine.handlers, engine.propagate = [handler], False
    structlog.configure(
        processors=[*common, ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.stdlib.LoggerFactory(),
    )


def _cut_in_one_line(record: logging.LogRecord) -> bool:
    """A request that the end of the server cuts is nobody's mistake: it is told without a traceback."""
    if record.exc_info and isinstance(record.exc_info[1], asyncio.CancelledError):
        record.msg, record.args, record.exc_info = "a request is cut: the gateway ends", None, None
        record.levelno, record.levelname = logging.WARNING, logging.getLevelName(logging.WARNING)
    return True


_logfmt = structlog.processors.LogfmtRenderer(key_order=["timestamp", "level", "logger", "event"], drop_missing=True)


def _json(_logger: Any, _method: str, line: MutableMapping[str, Any]) -> str:
    # Of what is no JSON the kind alone: its own text may hold anything.
    return orjson.dumps(line, default=lambda value: type(value).__name__, option=orjson.OPT_NON_STR_KEYS).decode()
