"""Stock Faust on its aiokafka driver: the agent as Faust's documentation would have it.

At-least-once, which is Faust's default: outputs, rows and offsets may be doubled after a crash.
A table in memory with its changelog; a row for each changed order, not those of closed orders and
symbols.  No checks of commands, no dead letters, no rebuilding of books from rows.
"""

import sys
from collections.abc import AsyncIterable
from typing import Any

import faust

from bench.rivals.work import OUTPUTS, Matching, Told, output_headers


def make_app(told: Told) -> faust.App:
    """The app with its agent; raw bytes in and out, since the work has its own codec."""
    app = faust.App(
        told.group,
        broker=f"kafka://{told.bootstrap}",
        store="memory://",
        datadir=told.folder,
        topic_partitions=told.partitions,
        topic_disable_leader=True,
        web_enabled=False,
        key_serializer="raw",
        value_serializer="raw",
        # Batches instead of one request for each record.
        producer_linger=0.02,
        producer_max_batch_size=262_144,
        stream_buffer_maxsize=16_384,
        broker_commit_every=told.round_max_records,
    )
    matching = Matching(told.instruments)
    incoming = app.topic(told.input, value_type=bytes)
    outputs = {name: app.topic(name, value_type=bytes) for name in OUTPUTS}
    book = app.Table("book", key_type=bytes, value_type=bytes, partitions=told.partitions)

    @app.agent(incoming)
    async def match(stream: Any) -> None:
        events: AsyncIterable[Any] = stream.events()
        async for event in events:
            message = event.message
            position = f"{message.topic}/{message.partition}/{message.offset}"
            headers = output_headers(message.headers, position, int(message.timestamp * 1_000))
            symbol, records = matching.apply(event.value, headers)
            for record in records:
                await outputs[record.topic].send(
                    key=record.key.encode(), value=record.value, headers=record.headers
                )
            for key, row in matching.take_rows(symbol):
                if row is None:
                    book.pop(key.encode(), None)
                else:
                    book[key.encode()] = row

    return app


def main() -> None:
    """Run until SIGTERM."""
    app = make_app(Told.from_environment())
    sys.argv = ["stock_faust", "worker", "--loglevel", "warn", "--without-web"]
    app.main()


if __name__ == "__main__":
    main()
