"""A consume–transform–produce loop by hand on confluent-kafka: as fast as it can be had.

Exactly-once, one transaction for as many records as TradeFlow's worker takes, the same librdkafka
settings, the same rows in the same table, each written once a transaction, and the same ways to
save time: two transactional ids in turn, no garbage collection within a transaction, arguments by
position, offsets sent while records are on their way, and deliveries awaited before the commit,
which would look for them every ten milliseconds.

It leaves out all that makes a loop a service: restoring rows at a start, rebalances, checks of
commands and of keys, dead letters, metrics, a health page.
"""

import signal
from collections import defaultdict
from typing import Any

from confluent_kafka import Consumer, Message, Producer, TopicPartition

from bench.rivals.work import OUTPUTS, Told, changelog_of, output_headers
from schemas.codec import decode, encoder
from schemas.instruments import load_instruments
from streams.domain.market import Market
from streams.transport import TransportSettings
from streams.transport.collector import collector_paused


class Loop:
    """The markets, the producer, and one round."""

    def __init__(self, told: Told) -> None:
        settings = TransportSettings(
            bootstrap=told.bootstrap, group=told.group, profile=told.profile
        )
        mine = settings.consumer() | {"auto.offset.reset": "earliest"}
        # A static member's place would be kept for ten seconds after it has gone.
        del mine["group.instance.id"]
        self.most = told.round_max_records
        self.consumer = Consumer(mine)
        self.consumer.subscribe([told.input])
        self.producers = [Producer(settings.producer(turn)) for turn in (0, 1)]
        for producer in self.producers:
            producer.init_transactions(30)
        self.producer = self.producers[0]
        instruments = load_instruments(told.instruments)
        self.markets = {symbol: Market(rules) for symbol, rules in instruments.items()}
        self.changelog = changelog_of(told.group)
        self.encode_report = encoder("ExecutionReport")
        self.encode_trade = encoder("Trade")
        self.encode_update = encoder("DepthUpdate")
        self.encode_rows: list[Any] = [
            encoder(row) for row in ("OrderRow", "ClosedOrderRow", "SymbolRow")
        ]

    def turn(self) -> None:
        """Take what is there; one transaction."""
        first = self.consumer.poll(0.1)
        if first is None:
            return
        metadata = self.consumer.consumer_group_metadata()
        messages = [first, *self.consumer.consume(self.most - 1, 0)]
        self.producers.reverse()
        self.producer = self.producers[0]
        self.producer.begin_transaction()
        touched: dict[str, int] = {}
        ends: dict[tuple[Any, Any], Any] = {}
        for message in messages:
            if message.error() is not None:
                raise SystemExit(str(message.error()))
            partition = message.partition()
            touched[self.work(message)] = partition  # type: ignore[assignment]
            ends[message.topic(), partition] = message.offset()
        self.write_rows(touched)
        self.producer.send_offsets_to_transaction(
            [TopicPartition(topic, part, offset + 1) for (topic, part), offset in ends.items()],
            metadata,
        )
        while self.producer.flush(0.001):
            pass
        self.producer.commit_transaction()

    def work(self, message: Message) -> str:
        """Match one command and send what comes of it; the command's symbol."""
        kind, command = decode(message.value())  # type: ignore[arg-type]
        symbol: str = command["symbol"]
        outcome = self.markets[symbol].apply(kind, command)
        headers: Any = output_headers(
            message.headers(),  # type: ignore[arg-type]
            f"{message.topic()}/{message.partition()}/{message.offset()}",
            message.timestamp()[1],
        )
        send, encode = self.producer.produce, self.encode_report
        reports, trades, updates = OUTPUTS
        for report in outcome.reports:
            send(reports, encode(report.fields()), report.account_id, -1, None, None, 0, headers)
        for trade in outcome.trades:
            value = self.encode_trade(trade.fields())
            send(trades, value, symbol, -1, None, None, 0, headers)
        if outcome.depth is not None:
            value = self.encode_update(outcome.depth.fields())
            send(updates, value, symbol, -1, None, None, 0, headers)
        return symbol

    def write_rows(self, touched: dict[str, int]) -> None:
        """Each changed row once, to the partition that its symbol's commands came from."""
        records: dict[int, list[dict[str, Any]]] = defaultdict(list)
        encode_order, encode_closed, encode_symbol = self.encode_rows
        for symbol, partition in touched.items():
            changes = self.markets[symbol].take_changes()
            rows = records[partition]
            for order_id, order in changes.orders.items():
                value = None if order is None else encode_order(order.to_row())
                rows.append({"key": f"{symbol}:{order_id}", "value": value})
            for key, closed in changes.closed.items():
                value = None if closed is None else encode_closed(closed.to_row())
                rows.append({"key": key, "value": value})
            rows.append({"key": symbol, "value": encode_symbol(changes.symbol_row)})
        for partition, batch in records.items():
            sent = self.producer.produce_batch(self.changelog, batch, partition=partition)
            if sent < len(batch):
                raise SystemExit("the producer's queue is full")


def main() -> None:
    """Run until SIGTERM."""
    asked_to_end: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _: asked_to_end.append(number))
    loop = Loop(Told.from_environment())
    while not asked_to_end:
        with collector_paused():
            loop.turn()
    loop.consumer.close()


if __name__ == "__main__":
    main()
