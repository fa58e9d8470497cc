"""The codec beside fastavro, on the records of the flow."""

import io
import time
from collections.abc import Callable, Sequence
from typing import Any

import fastavro

from bench.domain import markets_after, settled_memory
from bench.figure import Figure, figure
from bench.flow import Flow, bench_instruments
from bench.run import Run
from schemas.careful import HEADER_BYTES
from schemas.codec import decode, encoder
from schemas.registry import read_schemas


def measure(run: Run) -> list[Figure]:
    """Encoding what matching writes most, decoding what it reads most."""
    reports, orders = _records(run)
    schemas = read_schemas()
    report = fastavro.parse_schema(schemas["ExecutionReport"])
    order = fastavro.parse_schema(schemas["PlaceOrder"])
    encode = encoder("ExecutionReport")
    header = encode(reports[0])[:HEADER_BYTES]

    def encode_fastavro(record: Any) -> bytes:
        body = io.BytesIO()
        body.write(header)
        fastavro.schemaless_writer(body, report, record)
        return body.getvalue()

    def decode_fastavro(data: bytes) -> Any:
        return fastavro.schemaless_reader(io.BytesIO(data[HEADER_BYTES:]), order, None)

    _agree(encode, encode_fastavro, reports[:1_000])
    _agree(lambda data: decode(data)[1], decode_fastavro, orders[:1_000])
    return [
        _beside_fastavro(run, "encode ExecutionReport", encode, encode_fastavro, reports),
        _beside_fastavro(run, "decode PlaceOrder", decode, decode_fastavro, orders),
    ]


def _records(run: Run) -> tuple[list[Any], list[bytes]]:
    """Reports in the order in which they arise, and encoded placements."""
    run.say("making records")
    instruments = bench_instruments(run.folder)
    flow = Flow(instruments, resting=2_000)
    markets = markets_after(flow.fill(), instruments)
    commands = flow.take(run.size(30_000, 1_000))
    reports = [
        report.as_record()
        for kind, command in commands
        for report in markets[command["symbol"]].apply(kind, command).reports
    ]
    encode = encoder("PlaceOrder")
    return reports, [encode(command) for kind, command in commands if kind == "PlaceOrder"]


def _agree(ours: Callable[[Any], Any], theirs: Callable[[Any], Any], values: Sequence[Any]) -> None:
    for value in values:
        if ours(value) != theirs(value):
            raise AssertionError(f"the two codecs differ on {value!r}")


def _beside_fastavro(
    run: Run,
    name: str,
    ours: Callable[[Any], Any],
    theirs: Callable[[Any], Any],
    values: Sequence[Any],
) -> Figure:
    mine, its = [], []
    for number in range(run.rounds):
        run.say(f"{name}, round {number + 1} of {run.rounds}")
        mine.append(_rate(ours, values))
        its.append(_rate(theirs, values))
    return figure("codec", name, mine, "records/s", beside=("fastavro", its))


def _rate(call: Callable[[Any], Any], values: Sequence[Any]) -> float:
    with settled_memory():
        started = time.perf_counter()
        for value in values:
            call(value)
        return len(values) / (time.perf_counter() - started)
