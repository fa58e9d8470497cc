"""The worker of the benchmark ``join``: a left join of two topics, each result written out."""

import os
import sys
from pathlib import Path
from typing import Any, cast

from bench.process import ROUND_MAX_RECORDS
from schemas.topics import DEFAULT_KEYED_PARTITIONS
from streams.joins import Field, Passed, Stream, join_table
from streams.transport import App, TopicSpec, TransportSettings, run
from streams.transport.config import Profile

LEFT, RIGHT, OUTPUT = "bench.left", "bench.right", "bench.joined"
AFTER_MS, GRACE_MS = 2_000, 200


def decode(data: bytes) -> tuple[int, str | None, bytes]:
    """``time key`` or, of a tick, ``time``; the value is all of it."""
    time_ms, _, key = data.partition(b" ")
    return int(time_ms), key.decode() or None, data


def result(left: bytes, right: bytes | None) -> bytes:
    """What is written for a result."""
    return left + b"|" + (right or b"")


def make_app() -> App:
    """The app, by the variables that the benchmark sets."""
    settings = TransportSettings(
        bootstrap=os.environ["BROKER"],
        group=os.environ["BENCH_GROUP"],
        profile=cast(Profile, os.environ["TRADEFLOW_PROFILE"]),
        partitions=DEFAULT_KEYED_PARTITIONS,
        round_max_records=ROUND_MAX_RECORDS,
        state_dir=Path(os.environ["BENCH_FOLDER"]),
    )
    output = TopicSpec(name=OUTPUT, partitions=settings.partitions)
    app = App(settings, topics=[output], Stream=Stream)
    left, right = (
        Field(topic=name, decode=decode, key=lambda value: value[1], time_ms=lambda value: value[0])
        for name in (LEFT, RIGHT)
    )
    table = join_table(app, "joined")

    @app.agent(app.topic(LEFT, RIGHT), name="join")
    async def join(batches: Any) -> None:
        joined = batches.left_join(
            left, right, within=(0, AFTER_MS / 1_000), grace=GRACE_MS / 1_000, table=table
        )
        async for batch in joined:
            emit = batch.emit
            for item in batch:
                if not isinstance(item, Passed):
                    emit(OUTPUT, item.key, result(item.left[2], item.right and item.right[2]))

    return app


if __name__ == "__main__":
    sys.exit(run(make_app))
