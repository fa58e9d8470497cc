"""The id by which a request is found again: in its answer, in log lines, in the log's records."""

import re
import uuid
from contextvars import ContextVar

HEADER = "X-Correlation-Id"

_LEGAL = re.compile(rb"[A-Za-z0-9._-]{1,64}")
_current: ContextVar[str] = ContextVar("correlation", default="")


def enter(told: bytes) -> str:
    """The id of a request from here on: the client's, if that is one, else a new one."""
    correlation = told.decode() if _LEGAL.fullmatch(told) else uuid.uuid4().hex
    _current.set(correlation)
    return correlation


def current() -> str:
    """The id of the request that is answered now; "" outside of requests."""
    return _current.get()


def for_command() -> str:
    """An id for one command: it begins with the request's, and nothing else has it."""
    request = _current.get()
    return f"{request}/{uuid.uuid4().hex[:16]}" if request else str(uuid.uuid4())


def log_fields() -> dict[str, str]:
    """For log lines."""
    request = _current.get()
    return {"correlation_id": request} if request else {}
