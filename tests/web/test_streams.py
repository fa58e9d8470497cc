"""Each market stream beside the log: what a client is told is what happened, and all of it."""

from collections.abc import Iterator
from typing import Any

import pytest

from schemas.amounts import format_steps, format_units, parse_steps, parse_units
from schemas.instruments import Instrument
from tests.chaos.exchange import await_condition
from tests.simulation import reference_candles
from tests.web.market_load import MarketLoad
from tests.web.market_log import MarketLog
from tests.web.running_exchange import RunningExchange, RunningGateway
from tests.web.stream_client import StreamClient
from web.state.aggregate_trades import aggregates_of

SYMBOL = "BTCUSDT"
_S = SYMBOL.lower()
_INTERVALS = ("1s", "1m", "1h", "1d", "1M", "1d@+08:00", "1h@+08:00")
_STREAMS = [
    *(f"{_S}@{kind}" for kind in ("trade", "aggTrade", "bookTicker", "avgPrice")),
    *(f"{_S}@{kind}" for kind in ("miniTicker", "ticker", "ticker_1h", "ticker_4h", "ticker_1d")),
    *(f"{_S}@{kind}" for kind in ("depth", "depth@100ms", "depth5", "depth20@100ms")),
    *(f"{_S}@kline_{interval}" for interval in _INTERVALS),
    *("!miniTicker@arr", "!ticker@arr", "!ticker_1h@arr", "!bookTicker"),
]
_TRADES = 60
"""So many at least are waited for."""


class Told:
    """What one client heard while the market moved, and the log of it."""

    def __init__(self, client: StreamClient, log: MarketLog) -> None:
        self.log = log
        self.rules: Instrument = log.instruments[SYMBOL]
        self._client = client

    def on(self, stream: str) -> list[Any]:
        """All messages of a stream; there are some."""
        messages = self._client.of(stream)
        assert messages, f"nothing came on {stream}"
        return messages

    def price(self, ticks: int) -> str:
        return format_steps(ticks, self.rules.tick_size)

    def lots(self, lots: int) -> str:
        return format_steps(lots, self.rules.lot_size)

    def ticks_of(self, text: str) -> int:
        return parse_steps(text, self.rules.tick_size)

    def best_prices(self) -> dict[int, dict[str, str]]:
        """Best bid and ask after each update, by its id."""
        found = {}
        for update_id, bids, asks in self.log.each_book(SYMBOL):
            bid, ask = max(bids.items(), default=(0, 0)), min(asks.items(), default=(0, 0))
            found[update_id] = {
                **{"b": self.price(bid[0]), "B": self.lots(bid[1])},
                **{"a": self.price(ask[0]), "A": self.lots(ask[1])},
            }
        return found

    def levels(self, levels: list[list[str]]) -> list[tuple[int, int]]:
        return [(self.ticks_of(p), parse_steps(q, self.rules.lot_size)) for p, q in levels]


@pytest.fixture(scope="module")
def told(exchange: RunningExchange, gateway: RunningGateway) -> Iterator[Told]:
    """A client that listened to everything from the first order to the last."""
    url = f"ws://{gateway.address}/stream?streams={'/'.join(_STREAMS)}"
    with StreamClient(url) as client:
        with MarketLoad(exchange, rate=150):
            await_condition(lambda: len(client.of(f"{_S}@trade")) >= _TRADES, "trades")
        log = MarketLog(exchange)
        last_trade, last_update = log.trades[SYMBOL][-1], log.updates[SYMBOL][-1]

        def is_done() -> bool:
            closed = [each["k"] for each in client.of(f"{_S}@kline_1s") if each["k"]["x"]]
            return (
                client.of(f"{_S}@trade")[-1]["t"] == last_trade["trade_id"]
                and client.of(f"{_S}@aggTrade")[-1]["l"] == last_trade["trade_id"]
                and client.of(f"{_S}@depth")[-1]["u"] == last_update["last_update_id"]
                and client.of(f"{_S}@depth@100ms")[-1]["u"] == last_update["last_update_id"]
                and client.of(f"{_S}@depth5")[-1]["lastUpdateId"] == last_update["last_update_id"]
                and client.of(f"{_S}@miniTicker")[-1]["E"] >= last_trade["time_ms"]
                # Two windows behind it that came to an end, with nothing in them.
                and sum(each["t"] > last_trade["time_ms"] for each in closed) >= 2
            )

        await_condition(is_done, "everything to be told")
        yield Told(client, MarketLog(exchange))


def test_trades_are_all_of_the_logs(told: Told) -> None:
    seen = told.on(f"{_S}@trade")

    expected = [each for each in told.log.trades[SYMBOL] if each["trade_id"] >= seen[0]["t"]]
    assert seen == [
        {
            "e": "trade",
            "E": each["time_ms"],
            "s": SYMBOL,
            "t": each["trade_id"],
            "p": told.price(each["price_ticks"]),
            "q": told.lots(each["quantity_lots"]),
            "T": each["time_ms"],
            "m": each["is_buyer_maker"],
            "M": True,
        }
        for each in expected
    ]


def test_aggregate_trades_are_those_of_the_log(told: Told) -> None:
    seen = told.on(f"{_S}@aggTrade")

    assert [
        (each["a"], each["f"], each["l"], each["p"], each["q"], each["T"], each["m"])
        for each in seen
    ] == [
        (
            each.aggregate_id,
            each.first_trade_id,
            each.last_trade_id,
            told.price(each.price_ticks),
            told.lots(each.quantity_lots),
            each.time_ms,
            each.is_buyer_maker,
        )
        for each in aggregates_of(told.log.trades[SYMBOL])
        if each.aggregate_id >= seen[0]["a"]
    ]


@pytest.mark.parametrize("stream", [f"{_S}@depth", f"{_S}@depth@100ms"])
def test_diffs_follow_each_other_and_are_what_changed(told: Told, stream: str) -> None:
    seen = told.on(stream)
    books, times = told.log.books(SYMBOL), told.log.updates[SYMBOL]
    time_of = {each["last_update_id"]: each["time_ms"] for each in times}

    for before, after in zip(seen, seen[1:], strict=False):
        assert after["U"] == before["u"] + 1
    for each in seen:
        bids, asks = books[each["u"]]
        assert each["E"] == time_of[each["u"]]
        assert all(bids.get(price, 0) == lots for price, lots in told.levels(each["b"]))
        assert all(asks.get(price, 0) == lots for price, lots in told.levels(each["a"]))
        # Every price that an update of the range has named.
        named = [up for up in times if each["U"] <= up["first_update_id"] <= each["u"]]
        for side, key in (("bids", "b"), ("asks", "a")):
            prices = {level["price_ticks"] for update in named for level in update[side]}
            assert prices == {price for price, _ in told.levels(each[key])}


@pytest.mark.parametrize(("stream", "count"), [(f"{_S}@depth5", 5), (f"{_S}@depth20@100ms", 20)])
def test_partial_books_are_the_best_levels(told: Told, stream: str, count: int) -> None:
    books = told.log.books(SYMBOL)

    for each in told.on(stream):
        bids, asks = books[each["lastUpdateId"]]
        assert told.levels(each["bids"]) == sorted(bids.items(), reverse=True)[:count]
        assert told.levels(each["asks"]) == sorted(asks.items())[:count]


def test_book_tickers_are_every_change_of_the_best_prices(told: Told) -> None:
    seen = told.on(f"{_S}@bookTicker")
    best = told.best_prices()

    # The client was there before the first order.
    assert seen == [{"u": each["u"], "s": SYMBOL, **best[each["u"]]} for each in seen]
    ids = [each["u"] for each in seen]
    before: dict[str, str] = {}
    for update_id, prices in best.items():
        if prices != before and update_id not in ids:
            # A snapshot has several updates at once, if it is read before them.
            told_next = min((each for each in ids if each > update_id), default=update_id)
            assert any(update_id <= each <= told_next for each in told.log.snapshots[SYMBOL])
        before = prices
    assert seen[-1].items() >= before.items()
    assert [each for each in told.on("!bookTicker") if each["s"] == SYMBOL] == seen


@pytest.mark.parametrize("interval", _INTERVALS)
def test_klines_are_what_was_traded(told: Told, interval: str) -> None:
    trades = told.log.trades[SYMBOL]
    name, _, east = interval.partition("@")
    east_ms = 8 * 3_600_000 if east else 0
    klines = [each["k"] for each in told.on(f"{_S}@kline_{interval}")]

    for kline in klines:
        opens, closes = reference_candles.window(name, kline["t"] + east_ms)
        assert (kline["t"], kline["T"]) == (opens - east_ms, closes - east_ms)
        assert (kline["s"], kline["i"]) == (SYMBOL, name)
        inside = [each for each in trades if kline["t"] <= each["time_ms"] <= kline["T"]]
        if kline["n"]:
            inside = [each for each in inside if each["trade_id"] <= kline["L"]]
            assert _kline_of(told, inside) == {key: kline[key] for key in "foclhvnLqVQ"}
        else:
            before = [each for each in trades if each["time_ms"] < kline["t"]]
            assert not kline["x"] or not inside
            assert {kline[key] for key in "oclh"} == {told.price(before[-1]["price_ticks"])}
    _verify_order(klines)


def _kline_of(told: Told, trades: list[Any]) -> dict[str, Any]:
    (candle,) = reference_candles.candles([each | {"time_ms": 0} for each in trades], "1M")
    return {
        "f": candle["first_trade_id"],
        "L": candle["last_trade_id"],
        **{key: told.price(candle[f"{name}_ticks"]) for key, name in _PRICES.items()},
        "v": told.lots(candle["volume_lots"]),
        "n": candle["trades"],
        "q": format_units(candle["quote_volume_units"]),
        "V": told.lots(candle["taker_buy_lots"]),
        "Q": format_units(candle["taker_buy_quote_units"]),
    }


_PRICES = {"o": "open", "c": "close", "h": "high", "l": "low"}


def _verify_order(klines: list[Any]) -> None:
    """Windows follow each other, each one is closed once, and none is left out."""
    for before, after in zip(klines, klines[1:], strict=False):
        if before["x"]:
            assert after["t"] == before["T"] + 1
        else:
            assert after["t"] == before["t"]
            assert (after["n"], after["x"]) > (before["n"], before["x"])


def test_klines_of_a_second_come_with_every_second(told: Told) -> None:
    klines = [each["k"] for each in told.on(f"{_S}@kline_1s")]

    closed = [each for each in klines if each["x"]]
    assert [each["t"] for each in closed] == list(range(closed[0]["t"], closed[-1]["t"] + 1, 1_000))
    assert sum(each["n"] for each in closed) == len(told.log.trades[SYMBOL])


def test_tickers_are_those_of_the_log(told: Told) -> None:
    tickers = {each["close_time_ms"]: each for each in told.log.tickers[SYMBOL]}
    mini = told.on(f"{_S}@miniTicker")

    for each in mini:
        ticker = tickers[each["E"]]
        assert each == {
            "e": "24hrMiniTicker",
            "E": ticker["close_time_ms"],
            "s": SYMBOL,
            "c": told.price(ticker["last_ticks"]),
            "o": told.price(ticker["open_ticks"]),
            "h": told.price(ticker["high_ticks"]),
            "l": told.price(ticker["low_ticks"]),
            "v": told.lots(ticker["volume_lots"]),
            "q": format_units(ticker["quote_volume_units"]),
        }
    assert len({each["E"] for each in mini}) == len(mini)
    for each in told.on(f"{_S}@avgPrice"):
        ticker = tickers[each["E"]]
        assert (each["e"], each["s"], each["i"]) == ("avgPrice", SYMBOL, "5m")
        assert each["w"] == format_units(ticker["average_price_units"])
        assert each["T"] == ticker["last_time_ms"]


def test_full_tickers_are_those_of_the_log_with_the_best_prices(told: Told) -> None:
    tickers = {each["close_time_ms"]: each for each in told.log.tickers[SYMBOL]}
    best = list(told.best_prices().values())

    for each in told.on(f"{_S}@ticker"):
        ticker = tickers[each["E"]]
        assert {key: each[key] for key in "bBaA"} in best
        assert (each["c"], each["Q"]) == (
            told.price(ticker["last_ticks"]),
            told.lots(ticker["last_lots"]),
        )
        change = ticker["last_ticks"] - ticker["open_ticks"]
        assert each["p"] == told.price(change)
        assert float(each["P"]) == pytest.approx(100 * change / ticker["open_ticks"], abs=0.00051)
        assert each["w"] == format_units(ticker["weighted_average_units"])
        assert (each["O"], each["C"]) == (ticker["open_time_ms"], ticker["close_time_ms"])
        ids = ticker["first_trade_id"], ticker["last_trade_id"], ticker["trades"]
        assert (each["F"], each["L"], each["n"]) == ids


@pytest.mark.parametrize(("size", "minutes"), [("1h", 60), ("4h", 240), ("1d", 1_440)])
def test_rolling_tickers_are_what_was_traded_in_the_window(
    told: Told, size: str, minutes: int
) -> None:
    for each in told.on(f"{_S}@ticker_{size}"):
        assert (each["e"], each["s"], each["E"]) == (f"{size}Ticker", SYMBOL, each["C"])
        assert each["O"] % 60_000 == 0
        assert minutes * 60_000 <= each["C"] - each["O"] < (minutes + 1) * 60_000
        if each["L"] < 0:
            # The day's ticker may be read before the first candle, of which windows are made.
            assert each["n"] == 0
            continue
        inside = [
            trade
            for trade in told.log.trades[SYMBOL]
            if each["O"] <= trade["time_ms"] and trade["trade_id"] <= each["L"]
        ]
        assert (each["F"], each["n"]) == (inside[0]["trade_id"], len(inside))
        assert each["v"] == told.lots(sum(trade["quantity_lots"] for trade in inside))
        assert parse_units(each["q"]) == sum(trade["quote_units"] for trade in inside)
        assert told.ticks_of(each["h"]) == max(trade["price_ticks"] for trade in inside)


@pytest.mark.parametrize(
    ("array", "single"),
    [
        ("!miniTicker@arr", "miniTicker"),
        ("!ticker_1h@arr", "ticker_1h"),
    ],
)
def test_arrays_hold_what_changed_of_all_symbols(told: Told, array: str, single: str) -> None:
    arrays = told.on(array)

    assert {each["s"] for one in arrays for each in one} == set(told.log.instruments)
    ours = [each for one in arrays for each in one if each["s"] == SYMBOL]
    assert ours == told.on(f"{_S}@{single}")
    for one in arrays:
        assert len({each["s"] for each in one}) == len(one)
