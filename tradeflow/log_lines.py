"""Log lines as JSON, one object a line, for programs that read logs."""

import json
import logging
from collections.abc import Callable, Mapping
from datetime import UTC, datetime


class JsonLines(logging.Formatter):
    """Time, level, logger, message; ``fields`` gives what else the moment knows."""

    def __init__(self, fields: Callable[[], Mapping[str, str]] = dict) -> None:
        super().__init__()
        self._fields = fields

    def format(self, record: logging.LogRecord) -> str:
        """One line, whatever the message holds."""
        time = datetime.fromtimestamp(record.created, UTC)
        line = {
            "time": time.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            **self._fields(),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)
