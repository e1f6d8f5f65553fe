"""What is logged, and what never is: no person's words, names or ids, and no token."""

from __future__ import annotations

import logging
import sys
import traceback
from collections.abc import MutableMapping
from pathlib import Path
from types import TracebackType
from typing import Any

import structlog

from errors import KakekomiError

_NOISY = (
    "aiohttp",
    "aiosqlite",
    "alembic",
    "asyncio",
    "httpcore",
    "httpx",
    "sqlalchemy",
    "telegram",
)


def set_up_logs(secrets: tuple[str, ...], level: int = logging.INFO) -> None:
    """Send all logs to standard error, one line each; `secrets` are replaced by stars."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Formatter(secrets))
    logging.basicConfig(handlers=[handler], level=level, force=True)
    # At INFO httpx prints every address, and the Bot API's addresses hold the token; at DEBUG
    # the others print requests, with people's words in them.
    for name in _NOISY:
        logging.getLogger(name).setLevel(logging.WARNING)
    structlog.configure(
        processors=[
            structlog.stdlib.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _exception_without_words,
            structlog.processors.KeyValueRenderer(key_order=["timestamp", "level", "event"]),
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )


_OUR_MODULES = {path.stem for path in Path(__file__).parent.iterdir()} | {"__main__"}


class _Formatter(logging.Formatter):
    """The last step before the line is written: whatever a library says passes here."""

    def __init__(self, secrets: tuple[str, ...]) -> None:
        super().__init__("%(message)s")
        self._secrets = tuple(secret for secret in secrets if secret)

    def format(self, record: logging.LogRecord) -> str:
        line = super().format(record) if _is_ours(record) else _without_words(record)
        for secret in self._secrets:
            line = line.replace(secret, "***")
        return line

    def formatException(self, ei: Any) -> str:  # noqa: N802 - the name is logging's
        return describe(ei[1])


def _is_ours(record: logging.LogRecord) -> bool:
    """structlog's lines come as plain texts from a module of this program."""
    return record.name.partition(".")[0] in _OUR_MODULES


def _without_words(record: logging.LogRecord) -> str:
    """Return where a library says something, and what broke: its text may quote a person."""
    where = f"{record.filename}:{record.lineno}"
    broke = f" exception={describe(record.exc_info[1])!r}" if record.exc_info else ""
    return f"level={record.levelname.lower()} library={record.name} at={where}{broke}"


def _exception_without_words(
    _logger: Any, _name: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    if event.pop("exc_info", None):
        event["exception"] = describe(sys.exception())
    return event


def describe(error: BaseException | None) -> str:
    """Return where an error happened and its kind, its chain included.

    Only our own errors are quoted: another's text may hold what a person wrote.
    """
    parts = []
    while error is not None:
        said = f": {error}" if isinstance(error, KakekomiError) else ""
        parts.append(f"{type(error).__name__}{said}{_places(error.__traceback__)}")
        error = error.__cause__ or error.__context__
    return " < ".join(parts)


def _places(trace: TracebackType | None) -> str:
    frames = traceback.extract_tb(trace)[-4:]
    return "".join(f" @ {frame.filename.rpartition('/')[2]}:{frame.lineno}" for frame in frames)
