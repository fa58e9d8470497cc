"""The work itself, for rivals that take one message at a time; and what each is told.

Nothing here imports Faust, confluent-kafka or TradeFlow's transport: Quix Streams runs it in an
environment without them.
"""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

from schemas.codec import decode, encoder
from schemas.instruments import load_instruments
from schemas.topics import ORDERBOOK_UPDATES, ORDERS_EXECUTIONS, TRADES
from streams.domain.market import Market

Headers = list[tuple[str, bytes]]

OUTPUTS = (ORDERS_EXECUTIONS.name, TRADES.name, ORDERBOOK_UPDATES.name)


def changelog_of(group: str) -> str:
    """The topic of a group's rows."""
    return f"{group}-book-changelog"


@dataclass(frozen=True, slots=True)
class Told:
    """What a rival is told, by its environment."""

    bootstrap: str
    input: str
    group: str
    folder: Path
    instruments: Path
    partitions: int
    round_max_records: int
    profile: Literal["low-latency", "throughput"]

    @classmethod
    def from_environment(cls) -> "Told":
        """As the stage benchmark sets it."""
        told = os.environ
        return cls(
            bootstrap=told["BROKER"],
            input=told["BENCH_INPUT"],
            group=told["BENCH_GROUP"],
            folder=Path(told["BENCH_FOLDER"]),
            instruments=Path(told["TRADEFLOW_INSTRUMENTS"]),
            partitions=int(told["TRADEFLOW_PARTITIONS"]),
            round_max_records=int(told["TRADEFLOW_ROUND_MAX_RECORDS"]),
            profile=told["TRADEFLOW_PROFILE"],  # type: ignore[arg-type]
        )


class Output(NamedTuple):
    """One record to send."""

    topic: str
    key: str
    value: bytes
    headers: Headers


class Matching:
    """Markets, and what a command in bytes leads to."""

    def __init__(self, instruments: Path) -> None:
        self._markets = {s: Market(rules) for s, rules in load_instruments(instruments).items()}
        self._encode_report = encoder("ExecutionReport")
        self._encode_trade = encoder("Trade")
        self._encode_update = encoder("DepthUpdate")
        self._encode_row = encoder("OrderRow")

    def apply(self, value: bytes, headers: Headers) -> tuple[str, list[Output]]:
        """The symbol of a command and the records that it leads to."""
        kind, command = decode(value)
        symbol = command["symbol"]
        outcome = self._markets[symbol].apply(kind, command)
        reports, trades, updates = OUTPUTS
        outputs = [
            Output(reports, report.account_id, self._encode_report(report.fields()), headers)
            for report in outcome.reports
        ]
        for trade in outcome.trades:
            outputs.append(Output(trades, symbol, self._encode_trade(trade.fields()), headers))
        if outcome.depth is not None:
            value = self._encode_update(outcome.depth.fields())
            outputs.append(Output(updates, symbol, value, headers))
        return symbol, outputs

    def take_rows(self, symbol: str) -> Iterable[tuple[str, bytes | None]]:
        """Keys and rows of the orders that changed; None where an order is gone."""
        for order_id, order in self._markets[symbol].take_changes().orders.items():
            row = None if order is None else self._encode_row(order.to_row())
            yield f"{symbol}:{order_id}", row


def output_headers(
    received: Iterable[tuple[str, bytes]] | None, position: str, timestamp_ms: int
) -> Headers:
    """The headers of what a record at ``position`` causes, as TradeFlow passes them on."""
    known = dict(received or ())
    cause = position.encode()
    return [
        ("correlation-id", known.get("correlation-id", cause)),
        ("causation-id", cause),
        ("actor", known.get("actor", b"")),
        ("event-time", known.get("event-time") or b"%d" % timestamp_ms),
    ]
