"""The three stages' cores as one, without Kafka: one partition of everything.

What a stage tells another is handed over at once, as the record that the other would read.
"""

import time
from collections.abc import Mapping
from typing import Any, cast

from bench.domain import ROUND, settled_memory
from bench.flow import Command
from schemas.codec import decode, encoder
from schemas.instruments import Instrument, assets_of
from streams.domain.market import Market
from streams.domain.order_answers import Sent
from streams.domain.orders import Orders
from streams.domain.settlement import settlement
from streams.domain.wallet import Wallet
from streams.transport.collector import collector_paused

_RESERVATIONS = frozenset({"FundsReservedEvent", "FundsReservationFailedEvent"})


class PaidCore:
    """Orders, wallet and markets; a client's command goes round until nothing more follows."""

    def __init__(self, instruments: Mapping[str, Instrument]) -> None:
        self._instruments = instruments
        self.orders = Orders(instruments)
        self.wallet = Wallet(assets_of(dict(instruments)))
        self.markets = {symbol: Market(rules) for symbol, rules in instruments.items()}
        self._encode_report = encoder("ExecutionReport")

    def fund(self, commands: list[Command]) -> None:
        """Carry out commands on money."""
        for name, command in commands:
            self.wallet.apply(name, command)
        self.take_changes()

    def command(self, name: str, command: dict[str, Any], data: bytes) -> None:
        """All that follows from a client's command, encoded in ``data``."""
        self._send(self.orders.command(name, command, data, command["time_ms"]))

    def take_changes(self) -> None:
        """As at a round's end: the rows that would be written."""
        self.orders.take_changes()
        self.wallet.take_changes()
        for market in self.markets.values():
            market.take_changes()

    def seconds_for(self, commands: list[tuple[str, dict[str, Any], bytes]]) -> float:
        """The processor's time for the commands, changed rows included.

        Not the clock's: what is compared here is work, whoever else works on the machine.
        """
        with settled_memory():
            started = time.thread_time()
            for start in range(0, len(commands), ROUND):
                with collector_paused():
                    for command in commands[start : start + ROUND]:
                        self.command(*command)
                    self.take_changes()
            return time.thread_time() - started

    def _send(self, sent: list[Sent]) -> None:
        for to, name, record in sent:
            if to == "wallet":
                event = self.wallet.apply(name, record)
                if event is not None and event[0] in _RESERVATIONS:
                    self._send(self.orders.reservation(*event))
            elif to == "matching":
                self._match(name, record)

    def _match(self, name: str, command: Mapping[str, Any]) -> None:
        for report in self.markets[command["symbol"]].apply(name, command).reports:
            told = settlement(self._instruments[report.symbol], report)
            if told is not None:
                self.wallet.apply(*told)
            data = self._encode_report(report.fields())
            self._send(self.orders.report(cast(Any, decode(data)[1]), data))
