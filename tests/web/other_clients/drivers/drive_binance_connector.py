"""binance-connector: REST, then streams with a listen key's events, then the WebSocket API."""

import json
import queue
from collections.abc import Callable
from typing import Any

from binance.error import ClientError
from telling import is_free, pasted, tell, until

SYMBOL = "BTCUSDT"
QUANTITY = "0.001"
SECONDS = 30
PINGS = 8


class Inbox:
    """What comes on a socket; ``take`` waits for it."""

    def __init__(self) -> None:
        self._messages: queue.Queue[Any] = queue.Queue()
        self._pings: queue.Queue[bytes] = queue.Queue()
        self.errors: list[str] = []

    def options(self) -> dict[str, Any]:
        """For a client of either kind."""
        return {
            "on_message": lambda _, text: self._messages.put(json.loads(text)),
            "on_ping": lambda _, data: self._pings.put(data),
            "on_error": lambda _, error: self.errors.append(repr(error)),
            "on_close": lambda _: self.errors.append("closed"),
        }

    def take_pings(self, count: int) -> None:
        """Wait for so many."""
        for _ in range(count):
            self._pings.get(timeout=SECONDS)

    def take(self, is_it: Callable[[Any], Any]) -> Any:
        """The next message that is it; others before it are forgotten."""
        while True:
            message = self._messages.get(timeout=SECONDS)
            if is_it(message):
                return message


def at(price: str, share: float) -> str:
    """So much of a price, on the grid."""
    return f"{float(price) * share:.2f}"


def look(client: Any) -> dict[str, Any]:
    """All market data."""
    many = ["BTCUSDT", "BNBBTC"]
    return {
        "ping": client.ping(),
        "time": client.time(),
        "info": client.exchange_info(),
        "info_one": client.exchange_info(symbol=SYMBOL),
        "info_many": client.exchange_info(symbols=many),
        "info_permissions": client.exchange_info(permissions=["SPOT"]),
        "depth": client.depth(SYMBOL, limit=1000),
        "trades": client.trades(SYMBOL, limit=20),
        "old_trades": client.historical_trades(SYMBOL, limit=20),
        "aggregates": client.agg_trades(SYMBOL, limit=20),
        "klines": client.klines(SYMBOL, "1m"),
        "ui_klines": client.ui_klines(SYMBOL, "1s", limit=10),
        "average": client.avg_price(SYMBOL),
        "day": client.ticker_24hr(SYMBOL),
        "days": client.ticker_24hr(symbols=many),
        "all_days": client.ticker_24hr(),
        "trading_day": client.trading_day_ticker(SYMBOL),
        "price": client.ticker_price(SYMBOL),
        "prices": client.ticker_price(symbols=many),
        "best": client.book_ticker(SYMBOL),
        "bests": client.book_ticker(symbols=many),
        "window": client.rolling_window_ticker(SYMBOL, windowSize="1h"),
        "status": client.system_status(),
        "fees": client.trade_fee(),
        "coins": client.coin_info(),
    }


def order_kinds(best: dict[str, str]) -> dict[str, dict[str, Any]]:
    """An order of every type; the first four take, the others wait."""
    bid, ask = best["bidPrice"], best["askPrice"]
    limit = {"type": "LIMIT", "quantity": QUANTITY}
    low, high = at(bid, 0.8), at(ask, 1.2)
    gone = {"side": "BUY", "quantity": QUANTITY}
    return {
        "market": {"side": "BUY", "type": "MARKET", "quantity": QUANTITY},
        "market_quote": {"side": "SELL", "type": "MARKET", "quoteOrderQty": "50"},
        "ioc": {**limit, "side": "BUY", "price": high, "timeInForce": "IOC"},
        "fok": {**limit, "side": "SELL", "price": low, "timeInForce": "FOK"},
        "limit": {**limit, "side": "BUY", "price": low, "timeInForce": "GTC"},
        "iceberg": {
            **{**limit, "side": "SELL", "price": high, "timeInForce": "GTC"},
            **{"quantity": "0.004", "icebergQty": "0.001"},
        },
        "maker": {**gone, "type": "LIMIT_MAKER", "price": low},
        "stop": {**gone, "type": "STOP_LOSS", "stopPrice": high},
        "stop_limit": {
            **{**gone, "type": "STOP_LOSS_LIMIT", "stopPrice": high, "price": at(ask, 1.25)},
            "timeInForce": "GTC",
        },
        "profit": {**gone, "type": "TAKE_PROFIT", "stopPrice": low},
        "profit_limit": {
            **{**gone, "type": "TAKE_PROFIT_LIMIT", "stopPrice": low, "price": at(bid, 0.75)},
            "timeInForce": "GTC",
        },
    }


def trade(client: Any) -> dict[str, Any]:
    """Every type of order; fetch, replace and cancel them; refusals."""
    seen: dict[str, Any] = {}
    kinds = order_kinds(client.book_ticker(SYMBOL))
    for name, order in kinds.items():
        seen[name] = client.new_order(SYMBOL, newClientOrderId=f"rest-{name}", **order)
    seen["tested"] = client.new_order_test(SYMBOL, **kinds["limit"])
    seen["open"] = client.get_open_orders(SYMBOL)
    seen["fetched"] = client.get_order(SYMBOL, origClientOrderId="rest-limit")
    seen["replaced"] = client.cancel_and_replace(
        SYMBOL,
        cancelReplaceMode="STOP_ON_FAILURE",
        cancelOrigClientOrderId="rest-limit",
        newClientOrderId="rest-replaced",
        **{**kinds["limit"], "quantity": "0.002"},
    )
    seen["canceled"] = client.cancel_order(SYMBOL, orderId=seen["maker"]["orderId"])
    seen["oco"] = client.new_oco_order(
        SYMBOL,
        "SELL",
        QUANTITY,
        aboveType="LIMIT_MAKER",
        belowType="STOP_LOSS_LIMIT",
        abovePrice=kinds["iceberg"]["price"],
        belowStopPrice=kinds["limit"]["price"],
        belowPrice=kinds["profit_limit"]["price"],
        belowTimeInForce="GTC",
    )
    list_id = seen["oco"]["orderListId"]
    seen["oco_fetched"] = client.get_oco_order(orderListId=list_id)
    seen["oco_open"] = client.get_oco_open_orders()
    seen["oco_canceled"] = client.cancel_oco_order(SYMBOL, orderListId=list_id)
    seen["oco_all"] = client.get_oco_orders()
    seen["all_canceled"] = client.cancel_open_orders(SYMBOL)
    seen["left"] = client.get_open_orders()
    seen["use"] = client.get_order_rate_limit()
    seen["commission"] = client.query_commission_rates(SYMBOL)
    seen["prevented"] = client.query_prevented_matches(SYMBOL, orderId=seen["limit"]["orderId"])
    seen["allocations"] = client.query_allocations(SYMBOL)
    seen["refused"] = [
        refusal(client.get_order, SYMBOL, orderId=10**9),
        refusal(client.cancel_order, SYMBOL, origClientOrderId="rest-limit"),
        refusal(client.new_order, SYMBOL, **{**kinds["limit"], "price": "0.001"}),
        refusal(client.new_order, SYMBOL, **{**kinds["limit"], "quantity": "8000"}),
        refusal(client.depth, "NOSUCH"),
    ]
    return seen


def refusal(call: Callable[..., Any], *arguments: Any, **named: Any) -> list[Any]:
    """Status, code and text of an error."""
    try:
        return [200, call(*arguments, **named), ""]
    except ClientError as error:
        return [error.status_code, error.error_code, error.error_message]


def listen(client: Any, streams: Callable[..., Any]) -> dict[str, Any]:
    """Every stream of market data, one by one, and then the account's over a listen key."""
    inbox = Inbox()
    socket = streams(**inbox.options())
    calls: dict[str, Callable[..., None]] = {
        "aggTrade": lambda **how: socket.agg_trade(SYMBOL, **how),
        "trade": lambda **how: socket.trade(SYMBOL, **how),
        "kline": lambda **how: socket.kline(SYMBOL, "1s", **how),
        "24hrMiniTicker": lambda **how: socket.mini_ticker(SYMBOL, **how),
        "24hrTicker": lambda **how: socket.ticker(SYMBOL, **how),
        "1hTicker": lambda **how: socket.rolling_window_ticker(SYMBOL, "1h", **how),
        "depthUpdate": lambda **how: socket.diff_book_depth(SYMBOL, speed=100, **how),
        "": lambda **how: socket.partial_book_depth(SYMBOL, level=5, speed=100, **how),
        "book": lambda **how: socket.book_ticker(SYMBOL, **how),
    }
    seen: dict[str, Any] = {}
    for number, (event, call) in enumerate(calls.items(), 1):
        call(id=number)
        inbox.take(lambda each, number=number: each.get("id") == number)
        wanted = "" if event == "book" else event
        seen[event] = inbox.take(lambda each, wanted=wanted: each.get("e", "") == wanted)
        call(id=-number, action=socket.ACTION_UNSUBSCRIBE)
        inbox.take(lambda each, number=number: each.get("id") == -number)
    socket.mini_ticker(id=77)
    seen["all"] = inbox.take(lambda each: isinstance(each, list))
    socket.stop()
    combined = Inbox()
    socket = streams(is_combined=True, **combined.options())
    socket.subscribe([f"{SYMBOL.lower()}@trade", f"{SYMBOL.lower()}@bookTicker"], id=78)
    seen["combined"] = combined.take(lambda each: "stream" in each)
    socket.list_subscribe(id=79)
    seen["listed"] = combined.take(lambda each: each.get("id") == 79)["result"]
    socket.stop()
    return {"streams": seen, "events": user_events(client, streams)}


def user_events(client: Any, streams: Callable[..., Any]) -> list[Any]:
    """What a listen key's stream tells of two orders."""
    inbox = Inbox()
    key = client.new_listen_key()["listenKey"]
    socket = streams(**inbox.options())
    socket.user_data(key, id=1)
    inbox.take(lambda each: each.get("id") == 1)
    client.renew_listen_key(key)
    client.new_order(SYMBOL, "BUY", "MARKET", quantity=QUANTITY, newClientOrderId="heard-market")
    last = ("FILLED", "heard-market")
    events: list[Any] = []
    inbox.take(lambda each: events.append(each) or (each.get("X"), each.get("c")) == last)
    low = order_kinds(client.book_ticker(SYMBOL))["limit"]
    client.new_order(SYMBOL, newClientOrderId="heard-limit", **low)
    client.cancel_order(SYMBOL, origClientOrderId="heard-limit")
    inbox.take(lambda each: events.append(each) or each.get("X") == "CANCELED")
    # For longer than a client may be silent, these alone keep it.
    inbox.take_pings(PINGS)
    client.new_order(SYMBOL, newClientOrderId="heard-last", **low)
    client.cancel_order(SYMBOL, origClientOrderId="heard-last")
    inbox.take(lambda each: events.append(each) or each.get("C") == "heard-last")
    assert inbox.errors == [], inbox.errors
    socket.stop()
    client.close_listen_key(key)
    return events


def ask(api: Callable[..., Any]) -> dict[str, Any]:
    """Methods of the WebSocket API, by the client's names, and what each answers."""
    inbox = Inbox()
    client = api(**inbox.options())

    def said(name: str, *arguments: Any, **named: Any) -> Any:
        getattr(client, name)(*arguments, **named, id=f"{name}-1")
        return inbox.take(lambda each: each["id"] == f"{name}-1")

    one = {"symbol": SYMBOL}
    kinds = order_kinds(said("ticker_book", **one)["result"])
    seen = trade_by_socket(said, kinds)
    client.new_order(SYMBOL, id="again", **kinds["market"], newClientOrderId="socket-market")
    seen["market"] = inbox.take(lambda each: each["id"] == "again")
    # With a symbol this client takes the request's id for a second parameter, and refuses.
    for name in ("ping_connectivity", "server_time", "account", "order_rate_limit"):
        seen[name] = said(name)
    seen["exchange_info"] = said("exchange_info")
    for name in (
        *("order_book", "recent_trades", "aggregate_trades", "avg_price"),
        *("ticker_24hr", "ticker", "ticker_price", "order_history", "my_trades"),
    ):
        seen[name] = said(name, **one)
    seen["historical_trades"] = said("historical_trades", SYMBOL, client.api_key)
    for name in ("klines", "ui_klines"):
        seen[name] = said(name, **one, interval="1m")
    seen["prevented_matches"] = said("prevented_matches", SYMBOL, orderId=1)
    seen["all_canceled"] = said("cancel_open_orders", SYMBOL)
    # For longer than a client may be silent, these alone keep it.
    inbox.take_pings(PINGS)
    seen["still"] = said("user_data_start")
    assert inbox.errors == [], inbox.errors
    client.stop()
    return seen


def trade_by_socket(said: Callable[..., Any], kinds: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Place, fetch, replace and cancel; an order and a list."""
    one = {"symbol": SYMBOL}
    limit = {**one, **kinds["limit"]}
    seen = {
        "placed": said("new_order", **limit, newClientOrderId="socket-limit"),
        "tested": said("new_order_test", **one, **kinds["market"]),
        "fetched": said("get_order", **one, origClientOrderId="socket-limit"),
        "open": said("get_open_orders", **one),
        "replaced": said(
            "cancel_replace_order",
            **{**limit, "quantity": "0.002"},
            cancelReplaceMode="STOP_ON_FAILURE",
            cancelOrigClientOrderId="socket-limit",
            newClientOrderId="socket-replaced",
        ),
        "canceled": said("cancel_order", **one, origClientOrderId="socket-replaced"),
        "refused": said("cancel_order", **one, origClientOrderId="socket-limit"),
        "oco": said(
            "new_oco_order",
            *(SYMBOL, "SELL", QUANTITY),
            aboveType="LIMIT_MAKER",
            belowType="STOP_LOSS",
            abovePrice=kinds["iceberg"]["price"],
            belowStopPrice=kinds["limit"]["price"],
        ),
        "oco_open": said("get_open_oco_orders"),
    }
    number = seen["oco"]["result"]["orderListId"]
    seen["oco_fetched"] = said("get_oco_order", orderListId=number)
    seen["oco_canceled"] = said("cancel_oco_order", SYMBOL, orderListId=number)
    seen["oco_all"] = said("oco_history")
    return seen


def main() -> None:
    """Do it all, and tell."""
    names = pasted()
    client = names["client"]
    seen = {"market": look(client), "trading": trade(client)}
    seen |= listen(client, names["streams"])
    seen["api"] = ask(names["websocket_api"])
    seen["orders"] = client.get_orders(SYMBOL)
    seen["fills"] = client.my_trades(SYMBOL)
    seen["balances"] = until(lambda: client.account(omitZeroBalances="true")["balances"], is_free)
    tell(seen)


if __name__ == "__main__":
    main()
