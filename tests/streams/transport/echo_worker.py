"""The worker that the transport's tests run in processes of their own.

It copies each record of ``{name}-in`` to ``{name}-out``, with a number that counts the records of
its key: what the table forgets or doubles, and what the output loses or doubles, shows.
"""

import faulthandler
import json
import logging
import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from streams.transport import App, TopicSpec, TransportSettings, run

POISON = b"poison"
BAD = b"bad"
FORGET = b"forget"
LARGE = 500_000
RETURNS_AT_POISON = False


def make_app(options: Mapping[str, Any]) -> App:
    """The echo app; ``options`` are TransportSettings' fields, and ``name``."""
    settings = dict(options)
    name = settings.pop("name")
    settings["state_dir"] = Path(settings["state_dir"])
    transport = TransportSettings(group=name, **settings)
    out = f"{name}-out"
    tolerant = "ECHO_TOLERATES_POISON" in os.environ
    app = App(transport, topics=[TopicSpec(name=out, partitions=transport.partitions)])
    counts = app.Table(
        "counts", encode=lambda row: str(row).encode(), decode=lambda data: int(data)
    )

    @app.agent(app.topic(f"{name}-in"))
    async def echo(batches: Any) -> None:
        async for batch in batches:
            rows = counts.rows(batch.partition)
            for record in batch:
                value = record.value()
                if value == BAD:
                    batch.dead_letter("BAD", "a value that says so")
                    continue
                if value is None:
                    batch.dead_letter("EMPTY")
                    continue
                if len(value) > LARGE:
                    batch.dead_letter("LARGE")
                    continue
                if value == POISON and RETURNS_AT_POISON:
                    return
                if value == POISON and not tolerant:
                    raise ValueError("poison")
                key = record.key().decode()
                rows[key] = count = rows.get(key, 0) + 1
                batch.emit(out, key, b"%s %d" % (value, count))
                if value == FORGET:
                    del rows[key]

    return app


def main() -> int:
    """Run with the options in argv[1], as JSON."""
    logging.basicConfig(
        level=os.environ.get("ECHO_LOG", "INFO"),
        format="%(asctime)s %(name)s %(levelname)s %(message)s",
    )
    faulthandler.register(signal.SIGUSR1)
    options = json.loads(sys.argv[1])
    return run(lambda: make_app(options))


if __name__ == "__main__":
    sys.exit(main())
