"""The three stages' cores as one, without Kafka: one partition of everything.

What a stage tells another is handed over at once, as the record that the other would read.
"""

from collections.abc import Callable, Mapping
from typing import Any, cast

from schemas.codec import decode, encode, encoder
from schemas.instruments import Instrument, assets_of
from schemas.records import ExecutionReport
from streams.domain.market import Market, Outcome, unknown_symbol
from streams.domain.order_answers import Sent
from streams.domain.orders import Orders
from streams.domain.settlement import settlement
from streams.domain.state_hash import hash_of_rows
from streams.domain.wallet import Wallet
from streams.domain.wallet_events import Event

_RESERVATIONS = frozenset({"FundsReservedEvent", "FundsReservationFailedEvent"})


def _nothing(_told: object) -> None:
    """Nobody listens."""


class Exchange:
    """Orders, wallet and markets; a client's command goes round until nothing more follows.

    ``paying`` are the accounts whose orders this wallet pays for; None: all.  ``on_outcome`` hears
    what matching says, ``on_refusal`` what the orders stage refuses or answers itself.
    """

    def __init__(
        self,
        instruments: Mapping[str, Instrument],
        *,
        paying: frozenset[str] | None = None,
        on_outcome: Callable[[Outcome], None] = _nothing,
        on_refusal: Callable[[ExecutionReport], None] = _nothing,
    ) -> None:
        self.instruments = instruments
        self.orders = Orders(instruments)
        self.wallet = Wallet(assets_of(dict(instruments)))
        self.markets = {symbol: Market(rules) for symbol, rules in instruments.items()}
        self.on_outcome = on_outcome
        self.on_refusal = on_refusal
        self._paying = paying
        self._encode_report = encoder("ExecutionReport")

    def money(self, name: str, command: Mapping[str, Any]) -> Event | None:
        """Carry out a command on money; the wallet's answer."""
        return self.wallet.apply(name, command)

    def command(
        self,
        name: str,
        command: Mapping[str, Any],
        data: bytes | None = None,
        logged_ms: int | None = None,
    ) -> None:
        """All that follows from a client's command.

        ``data`` is the command encoded, ``logged_ms`` when it was logged: when it was made, if that
        is not given.
        """
        data = encode(name, command) if data is None else data
        logged_ms = command["time_ms"] if logged_ms is None else logged_ms
        self._send(self.orders.command(name, command, data, logged_ms))

    def incoming(self, name: str, command: Mapping[str, Any]) -> None:
        """All that follows from a command that was on the way to matching already."""
        market = self.markets.get(command["symbol"])
        if market is None:
            self._hear(unknown_symbol(name, command))
        else:
            self._hear(market.apply(name, command))

    def tick(self, time_ms: int) -> None:
        """Let time pass everywhere, as a tick of the clock does on its way through the stages."""
        for _, _, tick in self.orders.tick(time_ms):
            self.wallet.apply("Tick", tick)
        for market in self.markets.values():
            market.apply("Tick", {"time_ms": time_ms})
        self._send(self.orders.wallet_tick(time_ms))
        self._send(self.orders.executions_tick(time_ms))

    def take_changes(self) -> None:
        """As at a round's end: the rows that would be written."""
        self.orders.take_changes()
        self.wallet.take_changes()
        for market in self.markets.values():
            market.take_changes()

    def state_hashes(self) -> dict[str, str]:
        """A digest of every part, and one of them all: equal ones go on alike."""
        hashes = {"orders": self.orders.state_hash(), "wallet": self.wallet.state_hash()}
        for symbol, market in sorted(self.markets.items()):
            hashes[f"market {symbol}"] = market.state_hash()
        hashes["all"] = hash_of_rows({"all": dict(hashes)})
        return hashes

    def _send(self, sent: list[Sent]) -> None:
        for to, name, record in sent:
            if to == "wallet":
                event = self.wallet.apply(name, record)
                if event is not None and event[0] in _RESERVATIONS:
                    self._send(self.orders.reservation(*event))
            elif to == "matching":
                self.incoming(name, record)
            else:
                self.on_refusal(cast(ExecutionReport, record))

    def _hear(self, outcome: Outcome) -> None:
        """Tell what happened, and let wallet and orders do what follows from it."""
        self.on_outcome(outcome)
        paying = self._paying
        for report in outcome.reports:
            if paying is not None and report.account_id not in paying:
                continue
            told = settlement(self.instruments.get(report.symbol), report)
            if told is not None:
                self.wallet.apply(*told)
            data = self._encode_report(report.fields())
            self._send(self.orders.report(cast(Any, decode(data)[1]), data))
