"""What a small exchange logs for its stores, made by the cores without Kafka."""

import tempfile
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from bench.flow import bench_instruments
from bench.paid_core import PaidCore
from bench.paid_flow import PaidFlow, funding
from connectors.event import Event, Place
from schemas.codec import encoder
from schemas.instruments import Instrument, assets_of
from schemas.topics import CANDLES, ORDERS_EXECUTIONS, ORDERS_ORDERS, TRADES, WALLET_EVENTS
from streams.domain.market_data import SymbolData

PARTITIONS = 4
ACCOUNTS = tuple(f"account-{number}" for number in range(400))
FUNDS_UNITS = 10**15
_A_ROUND = 50
"""So many commands between two looks at what rows have changed, as in a round."""
_MS_APART = 4


class ExchangeEvents:
    """Events of executions, trades, money, candles and sagas, about as a running exchange mixes."""

    def __init__(self, commands: int) -> None:
        with tempfile.TemporaryDirectory() as folder:
            self.instruments: dict[str, Instrument] = bench_instruments(Path(folder))
        self.events: list[Event] = []
        self._ends: Counter[Place] = Counter()
        self._now_ms = 0
        self._market = {symbol: SymbolData(rules, 0) for symbol, rules in self.instruments.items()}
        core = self._core = PaidCore(self.instruments)
        core.wallet = cast(Any, _Heard(core.wallet, self._money))
        core.markets = {
            symbol: cast(Any, _Heard(market, self._matched))
            for symbol, market in core.markets.items()
        }
        core.fund(list(funding(ACCOUNTS, sorted(assets_of(self.instruments)), FUNDS_UNITS)))
        flow = PaidFlow(ACCOUNTS)
        for number, (name, command) in enumerate(flow.take(commands), start=1):
            self._now_ms = command["time_ms"] = command["time_ms"] + number * _MS_APART
            core.command(name, command, encoder(name)(command))
            if number % _A_ROUND == 0:
                self._look()
        self._look()

    def _look(self) -> None:
        changes: dict[str, Any] = dict(self._core.orders.take_changes())
        for key, row in changes.items():
            if row is not None and "saga_id" in row:
                self._log(ORDERS_ORDERS.name, row["account_id"], "OrderSagaRow", row, key)

    def _money(self, event: tuple[str, Mapping[str, Any]] | None) -> None:
        if event is not None:
            self._log(WALLET_EVENTS.name, event[1]["account_id"], *event)

    def _matched(self, outcome: Any) -> None:
        for report in outcome.reports:
            record = report.as_record()
            self._log(ORDERS_EXECUTIONS.name, report.account_id, "ExecutionReport", record)
        for trade in outcome.trades:
            record = trade.as_record()
            self._log(TRADES.name, trade.symbol, "Trade", record)
            candles, _ = self._market[trade.symbol].trade(record)
            for candle in candles:
                self._log(CANDLES.name, trade.symbol, "Candle", candle.as_record(), candle.key)

    def _log(
        self, topic: str, owner: str, name: str, record: Mapping[str, Any], key: str = ""
    ) -> None:
        place = Place(topic, sum(owner.encode()) % PARTITIONS)
        offset = self._ends[place]
        self._ends[place] += 1
        data = (key or owner).encode()
        self.events.append(Event(place, offset, data, name, record, {}, self._now_ms))


class _Heard:
    """A core whose answers are heard by somebody else too."""

    def __init__(self, core: Any, hear: Any) -> None:
        self._core = core
        self._hear = hear

    def apply(self, *given: Any) -> Any:
        answer = self._core.apply(*given)
        self._hear(answer)
        return answer

    def __getattr__(self, name: str) -> Any:
        return getattr(self._core, name)
