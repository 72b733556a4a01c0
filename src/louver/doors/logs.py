"""Logs that cannot hold content: fixed words, a few listed fields, of errors only type and place.

Whatever another library logs is reduced to who logged and where; its text is never shown.
"""

from __future__ import annotations

import json
import logging
import sys
import threading
from collections.abc import Mapping
from types import TracebackType
from typing import TextIO, TypeAlias

from louver.doors.errors import place_of

Fields: TypeAlias = dict[str, str | int]

FIELDS = (
    "error_id", "error_type", "place", "code", "status", "exchange", "count", "version",
    "policy", "section",
)  # fmt: skip
"""The only fields that a record may carry besides its time, level, logger and event."""


def event(
    logger: logging.Logger, name: str, *, level: int = logging.INFO, **fields: str | int
) -> None:
    """Log `name` with `fields`. Raises ValueError for a field that is not listed."""
    if not fields.keys() <= set(FIELDS):
        raise ValueError("this field is not on the list of what may be logged")
    logger.log(level, name, extra={"louver": fields})


def unexpected(logger: logging.Logger, error: BaseException, error_id: str) -> None:
    """Log a bug by its type and place; its message may quote anything and is left out."""
    fields = {"error_id": error_id, "error_type": type(error).__name__, "place": place_of(error)}
    event(logger, "unexpected_error", level=logging.ERROR, **fields)


def render(fields: Fields, *, structured: bool) -> str:
    """One line of JSON, or of text; `fields` begin with time, level and logger."""
    if structured:
        return json.dumps(fields, ensure_ascii=True)
    shown = [f"{name}={value}" for name, value in fields.items()]
    shown[:3] = [str(fields["time"]), str(fields["level"]), str(fields["logger"])]
    return " ".join(shown)


class ContentFree(logging.Formatter):
    """Formats a record as one line of text or JSON, with nothing in it that came from outside."""

    def __init__(self, *, structured: bool) -> None:
        super().__init__()
        self._structured = structured

    def format(self, record: logging.LogRecord) -> str:
        return render(self._fields(record), structured=self._structured)

    def _fields(self, record: logging.LogRecord) -> Fields:
        fields: Fields = {
            "time": self.formatTime(record, "%Y-%m-%dT%H:%M:%S%z"),
            "level": record.levelname.lower(),
            "logger": record.name,
        }
        own: Mapping[str, str | int] | None = getattr(record, "louver", None)
        if own is not None:
            return {**fields, "event": str(record.msg), **own}
        fields |= {"event": "other", "place": f"{record.filename}:{record.lineno}"}
        error = record.exc_info[1] if record.exc_info else None
        if error is not None:
            fields |= {"error_type": type(error).__name__, "place": place_of(error)}
        return fields


def install(*, structured: bool, stream: TextIO | None = None) -> None:
    """Make every logger, uncaught exception and thread of this process speak content-free."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(ContentFree(structured=structured))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("louver").setLevel(logging.INFO)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access", "uvicorn.asgi"):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = name != "uvicorn.access"  # request lines hold queries
        logger.setLevel(logging.WARNING)
    sys.excepthook = _uncaught
    threading.excepthook = _uncaught_in_thread
    sys.unraisablehook = _unraisable


def _uncaught(
    kind: type[BaseException], error: BaseException, traceback: TracebackType | None
) -> None:
    _report_uncaught(error)


def _uncaught_in_thread(args: threading.ExceptHookArgs) -> None:
    if args.exc_value is not None:
        _report_uncaught(args.exc_value)


def _unraisable(args: sys.UnraisableHookArgs) -> None:
    if args.exc_value is not None:
        _report_uncaught(args.exc_value)


def _report_uncaught(error: BaseException) -> None:
    unexpected(logging.getLogger("louver"), error, "none")
