"""The worker of the joins' tests: a left join, an inner join, and joins with a table.

Records of ``{name}-asks`` (left) and ``{name}-answers`` (right) say ``time key id``; one without a
key, ``time tick``, is passed through.  Each join writes what it gives to a topic of its own.
"""

import logging
import os
import sys
from json import loads
from pathlib import Path
from typing import Any

from streams.joins import Bad, Field, Found, Passed, Stream, join_table
from streams.transport import App, TopicSpec, TransportSettings, run

BEFORE, AFTER, GRACE = 0.010, 0.040, 0.005
LEAVE = "leave"
Value = tuple[int, str | None, str]
"""Time in ms, key, id."""


def decode(data: bytes) -> Value | Bad:
    """A record's value."""
    words = data.decode().split()
    if len(words) not in (2, 3) or not words[0].isdigit():
        return Bad("NO_RECORD", f"{len(words)} words")
    return int(words[0]), words[1] if len(words) == 3 else None, words[-1]


def field(topic: str) -> Field:
    """An input of the joins."""
    return Field(
        topic=topic,
        decode=decode,
        key=lambda value: value[1],
        time_ms=lambda value: value[0],
        ahead_ms=60_000,
    )


def make_app(options: dict[str, Any]) -> App:
    """The app; ``options`` are TransportSettings' fields, and ``name``."""
    name = options.pop("name")
    settings = TransportSettings(group=name, **{**options, "state_dir": Path(options["state_dir"])})
    outs = [f"{name}-{out}" for out in ("left", "inner", "found")]
    specs = [TopicSpec(name=out, partitions=settings.partitions) for out in outs]
    app = App(settings, topics=specs, Stream=Stream)
    asks, answers = field(f"{name}-asks"), field(f"{name}-answers")
    left_table, inner_table = join_table(app, "left-join"), join_table(app, "inner-join")

    both = app.topic(asks.topic).stream() & app.topic(answers.topic).stream()
    both = both.left_join(asks, answers, within=(BEFORE, AFTER), grace=GRACE, table=left_table)

    @app.agent(both, name="left")
    async def left(batches: Any) -> None:
        async for batch in batches:
            for item in batch:
                put(batch, f"{name}-left", item)
                if isinstance(item, Passed) and item.value[2] == LEAVE:
                    break

    @app.agent(app.topic(asks.topic, answers.topic), name="inner")
    async def inner(batches: Any) -> None:
        async for batch in batches.join(
            asks, answers, within=(BEFORE, AFTER), grace=GRACE, table=inner_table
        ):
            for item in batch:
                put(batch, f"{name}-inner", item)

    declare_table_joins(app, name)
    return app


def put(batch: Any, topic: str, item: Any) -> None:
    """Write what a join gives: a result as ``left id, right id, time``."""
    if isinstance(item, Passed):
        batch.emit(topic, "passed", b"%d %s" % (item.value[0], item.value[2].encode()))
        return
    ids = [value[2] if value else "-" for value in (item.left, item.right)]
    batch.emit(topic, item.key, " ".join([*ids, str(item.time_ms)]).encode())


def declare_table_joins(app: App, name: str) -> None:
    """Facts are rows of a table; questions are joined with them, in both ways."""
    facts: Any = app.Table("facts", encode=str.encode, decode=bytes.decode)
    questions = field(f"{name}-questions")

    @app.agent(app.topic(f"{name}-facts"), name="facts")
    async def learn(batches: Any) -> None:
        async for batch in batches:
            rows = facts.rows(batch.partition)
            for record in batch:
                rows[record.key().decode()] = record.value().decode()

    @app.agent(app.topic(questions.topic), name="with-fact")
    async def inner(batches: Stream) -> None:
        await tell(batches.table_join(questions, facts), f"{name}-found", "with-fact")

    @app.agent(app.topic(questions.topic), name="with-or-without")
    async def left(batches: Stream) -> None:
        await tell(batches.left_table_join(questions, facts), f"{name}-found", "with-or-without")


async def tell(joined: Any, topic: str, word: str) -> None:
    """Write what a join with a table finds: ``word id row``."""
    async for batch in joined:
        for item in batch:
            if isinstance(item, Found):
                batch.emit(topic, item.key, f"{word} {item.value[2]} {item.row}".encode())


if __name__ == "__main__":
    logging.basicConfig(
        level=os.environ.get("ECHO_LOG", "INFO"),
        format="%(asctime)s %(name)s %(levelname)s %(message)s",
    )
    sys.exit(run(lambda: make_app(loads(sys.argv[1]))))
