"""Quix Streams with its exactly-once guarantee, in an environment of its own (.venv-quix).

A stateful step over the same core, one expansion into the outputs, one routing to their topics.  A
state entry for each changed order, not those of closed orders and symbols.  Rows are stored as the
bytes that they are, not as JSON.  No checks of commands, no dead letters, no rebuilding of books.
"""

from typing import Any

from quixstreams import Application, State, message_context  # type: ignore[import-not-found]
from quixstreams.models import Serializer, Topic  # type: ignore[import-not-found]
from quixstreams.state.rocksdb import RocksDBOptions  # type: ignore[import-not-found]

from bench.rivals.work import OUTPUTS, Headers, Matching, Output, Told, output_headers


class ValueOf(Serializer):  # type: ignore[misc]
    """An output's value is encoded already."""

    def __call__(self, value: Output, ctx: Any) -> bytes:
        """Its bytes."""
        return value.value


def as_bytes(value: Any) -> bytes:
    """How state is stored: rows are bytes, keys are text."""
    return value if isinstance(value, bytes) else str(value).encode()


def make_app(told: Told) -> Application:
    """The application and its one pipeline."""
    app = Application(
        broker_address=told.bootstrap,
        consumer_group=told.group,
        auto_offset_reset="earliest",
        processing_guarantee="exactly-once",
        commit_every=told.round_max_records,
        commit_interval=1.0,
        consumer_poll_timeout=0.1,
        state_dir=told.folder / "state",
        rocksdb_options=RocksDBOptions(dumps=as_bytes, loads=bytes),
        producer_extra_config={"compression.type": "lz4", "linger.ms": 20},
        loglevel="WARNING",
    )
    matching = Matching(told.instruments)
    incoming = app.topic(told.input, value_deserializer="bytes", key_deserializer="str")
    topics: dict[str, Topic] = {
        name: app.topic(name, key_serializer="str", value_serializer=ValueOf()) for name in OUTPUTS
    }

    def match(
        value: bytes, _key: str, timestamp: int, headers: Headers, state: State
    ) -> list[Output]:
        at = message_context()
        position = f"{at.topic}/{at.partition}/{at.offset}"
        symbol, outputs = matching.apply(value, output_headers(headers, position, timestamp))
        for key, row in matching.take_rows(symbol):
            if row is None:
                state.delete(key)
            else:
                state.set(key, row)
        return outputs

    flow = app.dataframe(incoming)
    flow = flow.apply(match, stateful=True, expand=True, metadata=True)
    flow = flow.set_headers(lambda output, *_: output.headers)
    flow.to_topic(lambda output, *_: topics[output.topic], key=lambda output: output.key)
    return app


def main() -> None:
    """Run until SIGTERM."""
    make_app(Told.from_environment()).run()


if __name__ == "__main__":
    main()
