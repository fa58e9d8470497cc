"""binance-sdk-spot: REST, streams, and a session of the WebSocket API with user data.

Whatever does not fit its models it logs as a warning; those are told too.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Any

from telling import is_free, pasted, tell, until

SYMBOL = "BTCUSDT"
QUANTITY = 0.001


class Warnings(logging.Handler):
    """What the client complains of."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep it."""
        self.texts.append(record.getMessage())


def plain(data: Any) -> Any:
    """A model, or several, as JSON has it."""
    if isinstance(data, list):
        return [plain(each) for each in data]
    if hasattr(data, "actual_instance"):
        return plain(data.actual_instance)
    if hasattr(data, "model_dump"):
        return data.model_dump(mode="json", by_alias=True)
    return data


def at(price: str, share: float) -> float:
    """So much of a price, on the grid."""
    return round(float(price) * share, 2)


def look(rest: Any) -> dict[str, Any]:
    """All market data."""
    one: dict[str, Any] = {"symbol": SYMBOL}
    asked: dict[str, tuple[Callable[..., Any], dict[str, Any]]] = {
        "ping": (rest.ping, {}),
        "time": (rest.time, {}),
        "info": (rest.exchange_info, {}),
        "info_many": (rest.exchange_info, {"symbols": [SYMBOL, "BNBBTC"]}),
        "rules": (rest.execution_rules, one),
        "depth": (rest.depth, {**one, "limit": 1000}),
        "trades": (rest.get_trades, {**one, "limit": 20}),
        "old_trades": (rest.historical_trades, {**one, "limit": 20}),
        "blocks": (rest.historical_block_trades, {**one, "from_id": 0}),
        "aggregates": (rest.agg_trades, {**one, "limit": 20}),
        "klines": (rest.klines, {**one, "interval": "1m"}),
        "ui_klines": (rest.ui_klines, {**one, "interval": "1s", "limit": 10}),
        "average": (rest.avg_price, one),
        "day": (rest.ticker24hr, one),
        "days": (rest.ticker24hr, {}),
        "trading_day": (rest.ticker_trading_day, one),
        "price": (rest.ticker_price, one),
        "prices": (rest.ticker_price, {}),
        "best": (rest.ticker_book_ticker, one),
        "bests": (rest.ticker_book_ticker, {}),
        "window": (rest.ticker, {**one, "window_size": "1h"}),
    }
    return {name: plain(call(**options).data()) for name, (call, options) in asked.items()}


def order_kinds(best: dict[str, str]) -> dict[str, dict[str, Any]]:
    """An order of every type; the first four take, the others wait."""
    low, high = at(best["bidPrice"], 0.8), at(best["askPrice"], 1.2)
    limit = {"type": "LIMIT", "quantity": QUANTITY, "time_in_force": "GTC"}
    buy = {"side": "BUY", "quantity": QUANTITY}
    return {
        "market": {**buy, "type": "MARKET"},
        "market_quote": {"side": "SELL", "type": "MARKET", "quote_order_qty": 50.0},
        "ioc": {**limit, "side": "BUY", "price": high, "time_in_force": "IOC"},
        "fok": {**limit, "side": "SELL", "price": low, "time_in_force": "FOK"},
        "limit": {**limit, "side": "BUY", "price": low},
        "iceberg": {
            **limit,
            "side": "SELL",
            "price": high,
            "quantity": 0.004,
            "iceberg_qty": 0.001,
        },
        "maker": {**buy, "type": "LIMIT_MAKER", "price": low},
        "stop": {**buy, "type": "STOP_LOSS", "stop_price": high},
        "stop_limit": {
            **buy,
            **limit,
            "type": "STOP_LOSS_LIMIT",
            "stop_price": high,
            "price": high,
        },
        "profit": {**buy, "type": "TAKE_PROFIT", "stop_price": low},
        "profit_limit": {
            **buy,
            **limit,
            "type": "TAKE_PROFIT_LIMIT",
            "stop_price": low,
            "price": low,
        },
    }


def trade(rest: Any) -> dict[str, Any]:
    """Every type of order; fetch, amend, replace and cancel them."""
    kinds = order_kinds(plain(rest.ticker_book_ticker(symbol=SYMBOL).data()))

    def said(call: Callable[..., Any], **options: Any) -> Any:
        return plain(call(symbol=SYMBOL, **options).data())

    full = {"new_order_resp_type": "FULL"}
    seen: dict[str, Any] = {
        name: said(rest.new_order, new_client_order_id=f"rest-{name}", **full, **order)
        for name, order in kinds.items()
    }
    seen["tested"] = said(rest.order_test, **kinds["limit"])
    seen["open"] = said(rest.get_open_orders)
    seen["fetched"] = said(rest.get_order, orig_client_order_id="rest-limit")
    seen["amended"] = said(
        rest.order_amend_keep_priority, order_id=seen["iceberg"]["orderId"], new_qty=0.003
    )
    seen["amendments"] = said(rest.order_amendments, order_id=seen["iceberg"]["orderId"])
    seen["replaced"] = said(
        rest.order_cancel_replace,
        **{**kinds["limit"], "quantity": 0.002},
        cancel_replace_mode="STOP_ON_FAILURE",
        cancel_orig_client_order_id="rest-limit",
        new_client_order_id="rest-replaced",
    )
    seen["canceled"] = said(rest.delete_order, order_id=seen["maker"]["orderId"])
    seen["oco"] = said(
        rest.order_list_oco,
        side="SELL",
        quantity=QUANTITY,
        above_type="LIMIT_MAKER",
        above_price=kinds["iceberg"]["price"],
        below_type="STOP_LOSS",
        below_stop_price=kinds["limit"]["price"],
    )
    number = {"order_list_id": seen["oco"]["orderListId"]}
    seen["oco_fetched"] = plain(rest.get_order_list(**number).data())
    seen["oco_open"] = plain(rest.open_order_list().data())
    seen["oco_canceled"] = said(rest.delete_order_list, **number)
    seen["oco_all"] = plain(rest.all_order_list().data())
    seen["all_canceled"] = said(rest.delete_open_orders)
    seen["use"] = plain(rest.rate_limit_order().data())
    seen["commission"] = said(rest.account_commission)
    seen["filters"] = said(rest.my_filters)
    seen["prevented"] = said(rest.my_prevented_matches, order_id=seen["limit"]["orderId"])
    seen["allocations"] = said(rest.my_allocations)
    return seen


async def listen(streams: Any) -> dict[str, Any]:
    """One message of every stream of market data."""
    await streams.create_connection()
    seen: dict[str, Any] = {}
    calls: dict[str, tuple[Callable[..., Any], dict[str, Any]]] = {
        "aggTrade": (streams.agg_trade, {}),
        "trade": (streams.trade, {}),
        "kline": (streams.kline, {"interval": "1s"}),
        "miniTicker": (streams.mini_ticker, {}),
        "ticker": (streams.ticker, {}),
        "rolling": (streams.rolling_window_ticker, {"window_size": "1h"}),
        "average": (streams.avg_price, {}),
        "best": (streams.book_ticker, {}),
        "depth": (streams.diff_book_depth, {"update_speed": "100ms"}),
        "partial": (streams.partial_book_depth, {"levels": "5", "update_speed": "100ms"}),
    }
    for name, (call, options) in calls.items():
        seen[name] = await first_of(await call(symbol="btcusdt", **options))
    seen["all"] = await first_of(await streams.all_mini_ticker())
    seen["listed"] = await streams.list_subscribe()
    await streams.close_connection(close_session=True)
    return seen


async def first_of(stream: Any) -> Any:
    """A stream's first message; then no more of it."""
    heard: asyncio.Queue[Any] = asyncio.Queue()
    stream.on("message", heard.put_nowait)
    message = await asyncio.wait_for(heard.get(), 30)
    await stream.unsubscribe()
    return plain(message)


async def ask(api: Any) -> dict[str, Any]:
    """A session: logged on, with the account's events, and then every method."""
    await api.create_connection()
    one = {"symbol": SYMBOL}

    async def said(call: Callable[..., Any], **options: Any) -> Any:
        return plain((await call(**options)).data())

    seen: dict[str, Any] = {"logon": await said(api.session_logon)}
    subscribed = await api.user_data_stream_subscribe()
    events: list[Any] = []
    subscribed.stream.on("message", events.append)
    seen["status"] = await said(api.session_status)
    kinds = order_kinds((await said(api.ticker_book, **one))["result"])
    seen["limit"] = await said(
        api.order_place, **one, **kinds["limit"], new_client_order_id="socket-limit"
    )
    seen["fetched"] = await said(api.order_status, **one, orig_client_order_id="socket-limit")
    seen["open"] = await said(api.open_orders_status, **one)
    seen["replaced"] = await said(
        api.order_cancel_replace,
        **{**one, **kinds["limit"], "quantity": 0.002},
        cancel_replace_mode="STOP_ON_FAILURE",
        cancel_orig_client_order_id="socket-limit",
        new_client_order_id="socket-replaced",
    )
    seen["canceled"] = await said(api.order_cancel, **one, orig_client_order_id="socket-replaced")
    seen["market"] = await said(
        api.order_place,
        **{**one, **kinds["market"]},
        new_client_order_id="socket-market",
        new_order_resp_type="FULL",
    )
    seen["tested"] = await said(api.order_test, **one, **kinds["ioc"])
    for call in (
        *(api.ping, api.time, api.account_status, api.account_rate_limits_orders),
        *(api.all_order_lists, api.open_order_lists_status, api.exchange_info),
        *(api.session_subscriptions,),
    ):
        seen[call.__name__] = await said(call)
    for call in (
        *(api.depth, api.trades_recent, api.trades_historical, api.trades_aggregate),
        *(api.avg_price, api.ticker24hr, api.ticker, api.ticker_price, api.ticker_trading_day),
        *(api.all_orders, api.my_trades, api.account_commission, api.my_allocations),
    ):
        seen[call.__name__] = await said(call, **one)
    seen["klines"] = await said(api.klines, **one, interval="1m")
    filled = {"c": "socket-market", "X": "FILLED"}
    async with asyncio.timeout(30):
        while not any(filled.items() <= plain(each).items() for each in events):
            await asyncio.sleep(0.1)
    seen["logout"] = await said(api.session_logout)
    seen["signed"] = await said(api.account_status)
    await api.close_connection(close_session=True)
    return {"api": seen, "events": [plain(each) for each in events]}


def main() -> None:
    """Do it all, and tell."""
    complaints = Warnings()
    logging.getLogger().addHandler(complaints)
    client = pasted()["client"]
    rest = client.rest_api
    seen = {"market": look(rest), "trading": trade(rest)}
    seen["streams"] = asyncio.run(listen(client.websocket_streams))
    seen |= asyncio.run(ask(client.websocket_api))
    seen["orders"] = plain(rest.all_orders(symbol=SYMBOL).data())
    seen["fills"] = plain(rest.my_trades(symbol=SYMBOL).data())
    seen["balances"] = until(
        lambda: plain(rest.get_account(omit_zero_balances=True).data())["balances"], is_free
    )
    seen["warnings"] = complaints.texts
    tell(seen)


if __name__ == "__main__":
    main()
