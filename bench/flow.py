"""The flow of commands that every benchmark uses: made beforehand, the same for the same seed.

Commands are made against a market of their own, so that a cancel names an order that is open and a
taker is as large as the makers that it means to take.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any

from schemas.enums import Side
from schemas.instruments import DEFAULT_FILE, Instrument, load_instruments
from streams.domain.market import Market
from streams.domain.order import Order

Command = tuple[str, dict[str, Any]]

# With Kafka's partitioner two of them on each of four partitions.
SYMBOLS = (
    "BTCUSDT", "ETHUSDT", "XRPUSDT", "BNBUSDT", "DOTUSDT", "SOLUSDT", "ADAUSDT", "LTCUSDT"
)  # fmt: skip
START_MS = 1_760_000_000_000
_STEPS_MS = (0, 0, 1, 1, 2, 5)
_MIDDLE_TICKS = 1_000_000
_SPREAD_TICKS = 500
_LOTS = (200, 100_000)
_LEAST_LOTS = 100
_NOTHING: dict[str, Any] = {
    "stop_price_ticks": 0,
    "quote_quantity_units": 0,
    "iceberg_lots": 0,
    "budget_units": 0,
    "reserved_price_ticks": 0,
    "hold_id": "",
}


def write_instruments(path: Path) -> Path:
    """A file of the flow's instruments: the default rules of BTCUSDT under each symbol."""
    entries = json.loads(DEFAULT_FILE.read_text())
    rules = next(entry for entry in entries if entry["symbol"] == "BTCUSDT")
    path.write_text(
        json.dumps(
            [rules | {"symbol": s, "base_asset": s.removesuffix("USDT")} for s in SYMBOLS], indent=1
        )
    )
    return path


@dataclass
class _Side:
    """A symbol as the flow sees it."""

    market: Market
    open: list[Order] = field(default_factory=list)
    """Orders that were open once; what is no more is dropped when it is picked."""
    middle: float = _MIDDLE_TICKS

    @property
    def resting(self) -> int:
        return len(self.market.state.book.orders)


class Flow:
    """45 % cancels, 35 % makers, 20 % takers around books of a steady size.

    A «cancel» is a CancelOrder while the book is larger than it should be and a
    CancelReplaceOrder while it is not, and an AmendOrder one time in nine.
    """

    def __init__(
        self,
        instruments: Mapping[str, Instrument],
        *,
        resting: int,
        accounts: int = 2_000,
        seed: int = 1,
    ) -> None:
        self._rng = Random(seed)
        self._seed = seed
        self._accounts = [f"acct-{number:06d}" for number in range(accounts)]
        self._symbols = [_Side(Market(rules)) for rules in instruments.values()]
        self._target = resting // len(self._symbols)
        self._resting = resting
        self._made = 0
        self._now = START_MS
        self.counts: dict[str, int] = {}

    def resting_in(self, symbol: str) -> int:
        """How many orders rest after the commands so far."""
        return next(s.resting for s in self._symbols if s.market.state.symbol == symbol)

    def in_words(self) -> str:
        """What the flow is made of, counted."""
        total = sum(self.counts[name] for name in ("cancels", "makers", "takers")) or 1
        shares = {name: 100 * count / total for name, count in self.counts.items()}
        takers = self.counts["takers"] or 1
        return (
            f"{len(self._symbols)} symbols, {len(self._accounts)} accounts, "
            f"{self._resting} resting orders, seed {self._seed}: "
            f"{shares['cancels']:.0f} % cancels ({shares['replaced']:.0f} cancel-replace, "
            f"{shares['amended']:.0f} amend), {shares['makers']:.0f} % makers, "
            f"{shares['takers']:.0f} % takers with {self.counts['trades'] / takers:.1f} trades "
            f"each; {self.counts['reports'] / total:.2f} reports and "
            f"{self.counts['updates'] / total:.2f} depth updates a command"
        )

    def fill(self) -> list[Command]:
        """Makers until as many orders rest as should."""
        commands = []
        while open_symbols := [s for s in self._symbols if s.resting < self._target]:
            for symbol in open_symbols:
                commands.append(self._done(symbol, "PlaceOrder", self._maker(symbol)))
        self._reset_counts()
        return commands

    def take(self, count: int) -> list[Command]:
        """The next commands of the mix; the counts begin anew."""
        self._reset_counts()
        return list(islice(self._mix(), count))

    def passing_orders(self) -> list[Command]:
        """For each symbol a maker, and the command that cancels it."""
        commands = []
        counts, self.counts = self.counts, {}  # these are not of the mix
        for symbol in self._symbols:
            commands.append(self._done(symbol, "PlaceOrder", self._maker(symbol)))
            aim = self._aimed(symbol, symbol.open.pop()) | {"restriction": "NONE", "hold_id": ""}
            commands.append(self._done(symbol, "CancelOrder", aim))
        self.counts = counts
        return commands

    # --- the mix ---------------------------------------------------------------------------------

    def _reset_counts(self) -> None:
        names = "cancels replaced amended makers takers reports trades updates"
        self.counts = dict.fromkeys(names.split(), 0)

    def _mix(self) -> Iterator[Command]:
        rng, counts = self._rng, self.counts
        while True:
            symbol = self._symbols[int(rng.random() * len(self._symbols))]
            chance = rng.random()
            if chance < 0.45 and (order := self._pick(symbol)) is not None:
                counts["cancels"] += 1
                kind, command = self._changing(symbol, order)
            elif chance < 0.65 and (taker := self._taker(symbol)) is not None:
                counts["takers"] += 1
                kind, command = "PlaceOrder", taker
            else:
                counts["makers"] += 1
                kind, command = "PlaceOrder", self._maker(symbol)
            yield self._done(symbol, kind, command)

    def _done(self, symbol: _Side, kind: str, command: dict[str, Any]) -> Command:
        """Carry it out, to know what is open afterwards."""
        outcome = symbol.market.apply(kind, command)
        symbol.market.take_changes()
        orders = symbol.market.state.book.orders
        for report in outcome.reports:
            if report.execution_type == "NEW" and report.order_id in orders:
                symbol.open.append(orders[report.order_id])
        if self.counts:
            self.counts["reports"] += len(outcome.reports)
            self.counts["trades"] += len(outcome.trades)
            self.counts["updates"] += outcome.depth is not None
        return kind, command

    def _pick(self, symbol: _Side) -> Order | None:
        """An open order, each as likely as another."""
        orders = symbol.open
        while orders:
            place = int(self._rng.random() * len(orders))
            order = orders[place]
            if order.level is not None:
                return order
            orders[place] = orders[-1]
            orders.pop()
        return None

    def _changing(self, symbol: _Side, order: Order) -> Command:
        if self._rng.random() < 1 / 9 and order.leaves_lots > _LEAST_LOTS:
            self.counts["amended"] += 1
            left = int(order.leaves_lots * (0.5 + 0.4 * self._rng.random()))
            aimed = self._aimed(symbol, order)
            return "AmendOrder", aimed | {"quantity_lots": order.cumulative_quantity_lots + left}
        cancel = self._aimed(symbol, order) | {"restriction": "NONE", "hold_id": ""}
        if symbol.resting > self._target:
            return "CancelOrder", cancel
        self.counts["replaced"] += 1
        outer = {name: cancel[name] for name in ("command_id", "account_id", "symbol", "time_ms")}
        place = self._maker(symbol, like=order) | outer
        return "CancelReplaceOrder", outer | {
            "mode": "STOP_ON_FAILURE",
            "cancel": cancel,
            "place": place,
        }

    def _aimed(self, symbol: _Side, order: Order) -> dict[str, Any]:
        """By order id, one time in five by client order id."""
        by_id = self._rng.random() < 0.8
        return self._outer(symbol, order.account_id) | {
            "order_id": order.order_id if by_id else 0,
            "original_client_order_id": "" if by_id else order.client_order_id,
            "client_order_id": f"change-{self._made:010d}",
        }

    def _maker(self, symbol: _Side, like: Order | None = None) -> dict[str, Any]:
        """An order that rests; one in ten is post-only."""
        rng, book = self._rng, symbol.market.state.book
        symbol.middle += rng.random() - 0.5
        away = 1 + int(rng.random() ** 2 * _SPREAD_TICKS)
        side = like.side if like is not None else ("BUY" if rng.random() < 0.5 else "SELL")
        if side == "BUY":
            price = int(symbol.middle) - away
            if book.asks.keys:
                price = min(price, -book.asks.keys[-1] - 1)
        else:
            price = int(symbol.middle) + away
            if book.bids.keys:
                price = max(price, book.bids.keys[-1] + 1)
        return self._order(symbol, side, rng.randint(*_LOTS), price) | {
            "order_type": "LIMIT_MAKER" if rng.random() < 0.1 else "LIMIT",
            "reserved_price_ticks": price if side == "BUY" else 0,
        }

    def _taker(self, symbol: _Side) -> dict[str, Any] | None:
        """As large as one to three makers, the last of them in part; half of them MARKET."""
        rng, book = self._rng, symbol.market.state.book
        side: Side = "BUY" if rng.random() < 0.5 else "SELL"
        makers = [o for level in islice(book.opposite(side).best_first(), 3) for o in level]
        count = rng.choices((1, 2, 3), (60, 30, 10))[0]
        if len(makers) < count:
            return None
        lots = sum(maker.leaves_lots for maker in makers[: count - 1])
        lots = max(_LEAST_LOTS, lots + rng.randint(1, makers[count - 1].leaves_lots))
        worst = makers[count - 1].price_ticks
        order = self._order(symbol, side, lots, worst) | {"time_in_force": "IOC"}
        if rng.random() < 0.5:
            order |= {"order_type": "MARKET", "time_in_force": "GTC", "price_ticks": 0}
            if side == "BUY":
                units = symbol.market.state.quote_units_per_tick_lot
                order["budget_units"] = worst * lots * units * 11 // 10
        elif side == "BUY":
            order["reserved_price_ticks"] = worst
        return order

    def _order(self, symbol: _Side, side: str, lots: int, price: int) -> dict[str, Any]:
        rng, rules = self._rng, symbol.market.state.instrument
        account = self._accounts[int(rng.random() * len(self._accounts))]
        return self._outer(symbol, account) | {
            "client_order_id": f"order-{self._made:010d}",
            "side": side,
            "order_type": "LIMIT",
            "time_in_force": "GTC",
            "price_ticks": price,
            "quantity_lots": lots,
            "self_trade_prevention": "EXPIRE_MAKER",
            "maker_rate_ppm": rules.maker_rate_ppm,
            "taker_rate_ppm": rules.taker_rate_ppm,
            **_NOTHING,
        }

    def _outer(self, symbol: _Side, account_id: str) -> dict[str, Any]:
        self._made += 1
        self._now += _STEPS_MS[int(self._rng.random() * len(_STEPS_MS))]
        return {
            # As long as the ids that the gateway gives.
            "command_id": f"{self._seed:06d}-{self._made:019d}",
            "account_id": account_id,
            "symbol": symbol.market.state.symbol,
            "time_ms": self._now,
        }


def bench_instruments(folder: Path) -> dict[str, Instrument]:
    """The flow's instruments, by way of the file that workers read."""
    return load_instruments(write_instruments(folder / "instruments.json"))
