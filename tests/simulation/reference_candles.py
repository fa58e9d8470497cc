"""The slow, obvious candles: every trade is put into every window by the calendar."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MONDAY = datetime(1970, 1, 5, tzinfo=UTC)
INTERVALS = {
    "1s": timedelta(seconds=1),
    "1m": timedelta(minutes=1),
    "3m": timedelta(minutes=3),
    "5m": timedelta(minutes=5),
    "15m": timedelta(minutes=15),
    "30m": timedelta(minutes=30),
    "1h": timedelta(hours=1),
    "2h": timedelta(hours=2),
    "4h": timedelta(hours=4),
    "6h": timedelta(hours=6),
    "8h": timedelta(hours=8),
    "12h": timedelta(hours=12),
    "1d": timedelta(days=1),
    "3d": timedelta(days=3),
    "1w": timedelta(weeks=1),
    "1M": None,
}

Trade = dict[str, Any]


def window(interval: str, time_ms: int) -> tuple[int, int]:
    """First and last millisecond of the window that a time is in."""
    now = EPOCH + timedelta(milliseconds=time_ms)
    length = INTERVALS[interval]
    if length is None:
        opens = datetime(now.year, now.month, 1, tzinfo=UTC)
        ends = datetime(now.year + now.month // 12, now.month % 12 + 1, 1, tzinfo=UTC)
    else:
        first = MONDAY if interval == "1w" else EPOCH
        opens = first + (now - first) // length * length
        ends = opens + length
    return _ms(opens), _ms(ends) - 1


def candles(trades: Iterable[Trade], interval: str) -> list[dict[str, Any]]:
    """All candles of an interval, closed, in the order of their windows."""
    inside: defaultdict[tuple[int, int], list[Trade]] = defaultdict(list)
    for trade in trades:
        inside[window(interval, trade["time_ms"])].append(trade)
    made = []
    for (opens, closes), own in sorted(inside.items()):
        own.sort(key=lambda trade: trade["trade_id"])
        prices = [trade["price_ticks"] for trade in own]
        bought = [trade for trade in own if not trade["is_buyer_maker"]]
        made.append(
            {
                "symbol": own[0]["symbol"],
                "interval": interval,
                "open_time_ms": opens,
                "close_time_ms": closes,
                "first_trade_id": own[0]["trade_id"],
                "last_trade_id": own[-1]["trade_id"],
                "open_ticks": prices[0],
                "high_ticks": max(prices),
                "low_ticks": min(prices),
                "close_ticks": prices[-1],
                "volume_lots": sum(trade["quantity_lots"] for trade in own),
                "quote_volume_units": sum(trade["quote_units"] for trade in own),
                "trades": len(own),
                "taker_buy_lots": sum(trade["quantity_lots"] for trade in bought),
                "taker_buy_quote_units": sum(trade["quote_units"] for trade in bought),
                "is_closed": True,
            }
        )
    return made


def some_trades(
    seed: int, count: int, *, first_ms: int, steps_ms: Sequence[int], symbol: str = "BTCUSDT"
) -> list[Trade]:
    """Trades in the order of their ids and times."""
    rng = Random(seed)
    now, price = first_ms, 1_000_000
    trades = []
    for trade_id in range(1, count + 1):
        now += rng.choice(steps_ms)
        price = max(1, price + rng.randint(-50, 50))
        lots = rng.randint(1, 10_000)
        trades.append(
            {
                "trade_id": trade_id,
                "symbol": symbol,
                "price_ticks": price,
                "quantity_lots": lots,
                "quote_units": price * lots * 10,
                "buyer_order_id": 2 * trade_id,
                "seller_order_id": 2 * trade_id + 1,
                "is_buyer_maker": rng.random() < 0.5,
                "command_id": f"c-{trade_id}",
                "time_ms": now,
            }
        )
    return trades


def _ms(moment: datetime) -> int:
    return (moment - EPOCH) // timedelta(milliseconds=1)
