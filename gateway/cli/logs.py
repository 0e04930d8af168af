"""Where log lines go: to stderr, one line each, from the level that is set."""

import logging
import sys

import structlog

from gateway.settings import Settings


def set_up_logs(settings: Settings) -> None:
    """For the whole process; stdout is kept for what a command has to say."""
    level = logging.getLevelNamesMapping()[settings.log_level]
    form = "%(asctime)s %(levelname)s %(name)s: %(message)s"
    logging.basicConfig(level=level, stream=sys.stderr, format=form, force=True)
    # What the clients of providers and the server say of each request is for debugging alone.
    for chatty in ("aiosqlite", "asyncio", "websockets", "uvicorn"):
        logging.getLogger(chatty).setLevel(max(level, logging.WARNING))
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.processors.format_exc_info,
            structlog.processors.LogfmtRenderer(key_order=["timestamp", "level", "event"]),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
