"""Recordings made up by a small random market: the lines as Binance would have sent them."""

import json
from pathlib import Path
from random import Random
from typing import Any

TICK, LOT = 0.01, 0.001
START_MS = 1_700_000_000_000
_PRICE = 6_500
_REACH = 40


class SyntheticMarket:
    """A book that changes at random, in ticks of 0.01 and lots of 0.001.

    Between two diffs it trades, also at levels that came since the last diff.
    """

    def __init__(self, seed: int, symbol: str = "LTCUSDT") -> None:
        self._random = Random(seed)
        self._symbol = symbol
        self._update_id = 1_000
        self._trade_id = 0
        self.now_ms = START_MS
        self.bids = {_PRICE - n: self._lots() for n in range(1, _REACH)}
        self.asks = {_PRICE + n: self._lots() for n in range(1, _REACH)}
        self.trades: list[tuple[int, int, bool]] = []
        """(price ticks, lots, is the buyer the maker) of each trade."""

    def snapshot(self) -> dict[str, Any]:
        return {
            "lastUpdateId": self._update_id,
            "bids": _pairs(self.bids),
            "asks": _pairs(self.asks),
        }

    def step(self) -> list[dict[str, Any]]:
        """What 100 ms bring: trades and the diff, which contains their effect."""
        before = dict(self.bids), dict(self.asks)
        trades = []
        for _ in range(self._random.randrange(6)):
            if self._random.random() < 0.5:
                trades.append(self._trade())
            else:
                self._change_levels()
        self.now_ms += 100
        first, self._update_id = self._update_id + 1, self._update_id + 3
        diff = {
            "e": "depthUpdate",
            "E": self.now_ms,
            "s": self._symbol,
            "U": first,
            "u": self._update_id,
            "b": _pairs(_changes(before[0], self.bids)),
            "a": _pairs(_changes(before[1], self.asks)),
        }
        stream = self._symbol.lower()
        messages = [{"stream": f"{stream}@trade", "data": trade} for trade in trades]
        # A trade may be received after the diff that contains it.
        place = self._random.randint(0, len(messages))
        messages.insert(place, {"stream": f"{stream}@depth@100ms", "data": diff})
        return messages

    def _lots(self) -> int:
        return self._random.randint(1, 5_000)

    def _trade(self) -> dict[str, Any]:
        is_buyer_maker = self._random.random() < 0.5
        side = self.bids if is_buyer_maker else self.asks
        price = max(side) if is_buyer_maker else min(side)
        lots = self._random.choice((side[price], self._random.randint(1, side[price])))
        side[price] -= lots
        if not side[price]:
            del side[price]
        self._trade_id += 1
        self.trades.append((price, lots, is_buyer_maker))
        self._fill_up()
        return {
            "e": "trade",
            "T": self.now_ms + self._random.randint(0, 99),
            "s": self._symbol,
            "t": self._trade_id,
            "p": f"{price * TICK:.8f}",
            "q": f"{lots * LOT:.8f}",
            "m": is_buyer_maker,
        }

    def _change_levels(self) -> None:
        for side, sign in ((self.bids, -1), (self.asks, 1)):
            other = min(self.asks) if sign < 0 else max(self.bids)
            for _ in range(self._random.randrange(4)):
                price = other + sign * self._random.randint(1, _REACH)
                if price in side and self._random.random() < 0.5 and len(side) > 1:
                    del side[price]
                else:
                    side[price] = self._lots()

    def _fill_up(self) -> None:
        """No side is ever empty."""
        if not self.bids:
            self.bids[min(self.asks) - 2] = self._lots()
        if not self.asks:
            self.asks[max(self.bids) + 2] = self._lots()


def recording_lines(market: SyntheticMarket, steps: int) -> list[str]:
    """A recording of so many diffs; the snapshot comes after the second one."""
    messages: list[dict[str, Any]] = []
    for step in range(steps):
        # What is traded before the snapshot is in it already.
        stepped = market.step()
        messages += [m for m in stepped if step > 1 or "trade" not in m["stream"]]
        if step == 1:
            messages.append(market.snapshot())
            market.trades.clear()
    return [f"{(START_MS + n) * 1_000_000} {json.dumps(m)}" for n, m in enumerate(messages)]


def write_recording(path: Path, market: SyntheticMarket, steps: int) -> Path:
    path.write_text("\n".join(recording_lines(market, steps)) + "\n")
    return path


def _pairs(levels: dict[int, int]) -> list[list[str]]:
    return [[f"{price * TICK:.8f}", f"{lots * LOT:.8f}"] for price, lots in levels.items()]


def _changes(before: dict[int, int], after: dict[int, int]) -> dict[int, int]:
    return {
        price: after.get(price, 0)
        for price in {**before, **after}
        if before.get(price) != after.get(price)
    }
