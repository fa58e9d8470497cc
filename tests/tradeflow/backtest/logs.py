"""A command log, live and in a backtest: what matching makes of it, record by record."""

import heapq
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from schemas.codec import encode
from schemas.instruments import Instrument
from schemas.topics import TRADES
from streams.domain.outcome import Outcome
from tradeflow.backtest.exchange import Exchange
from tradeflow.backtest.funding import Funds
from tradeflow.backtest.log_flow import LogFlow
from tradeflow.simulation.log import SimulatedLog
from tradeflow.topic_reader import Partition, Record


def records_of(log: SimulatedLog, *topics: str) -> Iterator[Record]:
    """Records of a simulated log as a reader of Kafka gives them, by the log's time."""
    partitions: dict[tuple[str, int], list[Record]] = defaultdict(list)
    for topic in topics:
        for record in log.all_records(topic):
            at = Partition(topic, record.partition())
            partitions[at].append(
                Record(
                    at,
                    record.offset(),
                    record.timestamp()[1],
                    record.key(),
                    record.value(),
                    (),
                )
            )
    return heapq.merge(
        *partitions.values(),
        key=lambda each: (each.timestamp_ms, topics.index(each.partition.topic)),
    )


def by_symbol(values: Iterable[tuple[str, bytes]]) -> dict[str, list[bytes]]:
    """Encoded trades by symbol, in their order."""
    found: dict[str, list[bytes]] = defaultdict(list)
    for symbol, value in values:
        found[symbol].append(value)
    return dict(found)


def backtested_trades(
    records: Iterator[Record], instruments: Mapping[str, Instrument], *, paying: bool
) -> tuple[dict[str, list[bytes]], LogFlow]:
    """The trades that a backtest makes of a log, encoded as matching encodes them."""
    trades: list[tuple[str, bytes]] = []

    def hear(outcome: Outcome) -> None:
        flow.hear(outcome)
        trades.extend((t.symbol, encode(TRADES.values[0], t.fields())) for t in outcome.trades)

    exchange = Exchange(instruments, paying=None if paying else frozenset(), on_outcome=hear)
    flow = LogFlow(records)
    flow.begin(exchange, Funds(exchange))
    for _, moment in flow.moments():
        flow.play(moment)
    return by_symbol(trades), flow
