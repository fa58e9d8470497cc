"""Candles on Quix Streams' own windows, exactly once: a tumbling window an interval.

Each is told once, when it is over; no window is told while it is open, and no ticker is made.  Its
months have 30 days, since windows of its kind have one length.
"""

from datetime import timedelta
from typing import Any

from quixstreams import Application  # type: ignore[import-not-found]

from bench.rivals.work import Told
from schemas.codec import decode
from streams.domain.candle_intervals import INTERVALS

OUTPUT = "candles"
_MONTH = timedelta(days=30)


def opened(trade: dict[str, Any]) -> dict[str, Any]:
    """The candle of a window's first trade."""
    bought = 0 if trade["is_buyer_maker"] else 1
    price, lots, quote = trade["price_ticks"], trade["quantity_lots"], trade["quote_units"]
    return {
        "first": trade["trade_id"],
        "last": trade["trade_id"],
        "open": price,
        "high": price,
        "low": price,
        "close": price,
        "lots": lots,
        "quote": quote,
        "trades": 1,
        "bought": lots * bought,
        "bought_quote": quote * bought,
    }


def added(candle: dict[str, Any], trade: dict[str, Any]) -> dict[str, Any]:
    """The candle with one more trade."""
    price, lots, quote = trade["price_ticks"], trade["quantity_lots"], trade["quote_units"]
    candle["last"] = trade["trade_id"]
    candle["high"] = max(candle["high"], price)
    candle["low"] = min(candle["low"], price)
    candle["close"] = price
    candle["lots"] += lots
    candle["quote"] += quote
    candle["trades"] += 1
    if not trade["is_buyer_maker"]:
        candle["bought"] += lots
        candle["bought_quote"] += quote
    return candle


def make_app(told: Told) -> Application:
    """The application: a branch an interval."""
    app = Application(
        broker_address=told.bootstrap,
        consumer_group=told.group,
        auto_offset_reset="earliest",
        processing_guarantee="exactly-once",
        commit_every=told.round_max_records,
        commit_interval=1.0,
        consumer_poll_timeout=0.1,
        state_dir=told.folder / "state",
        producer_extra_config={"compression.type": "lz4", "linger.ms": 20},
        loglevel="WARNING",
    )
    trades = app.topic(told.input, value_deserializer="bytes", key_deserializer="str")
    candles = app.topic(OUTPUT, key_serializer="str", value_serializer="json")
    flow = app.dataframe(trades)
    flow = flow.apply(lambda value: decode(value)).filter(lambda record: record[0] == "Trade")
    flow = flow.apply(lambda record: record[1])
    flow = flow.set_timestamp(lambda trade, *_: trade["time_ms"])
    for interval in INTERVALS:
        length = timedelta(milliseconds=interval.length_ms) if interval.length_ms else _MONTH
        windows = flow.tumbling_window(length, name=interval.name)
        windows.reduce(reducer=added, initializer=opened).final().to_topic(candles)
    return app


def main() -> None:
    """Run until SIGTERM."""
    make_app(Told.from_environment()).run()


if __name__ == "__main__":
    main()
