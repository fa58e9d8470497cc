"""What is older than memory comes from MySQL; together nothing is missing, and nothing is twice."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from connectors.mysql import MysqlSettings
from connectors.mysql import tables as connector_tables
from tests.chaos.exchange import await_condition
from tests.connectors.processes import ConnectorProcess
from tests.fixtures.mysql import fresh_database, running_mysql
from tests.web.account.orders import ORDER, limit, market
from tests.web.running_exchange import RunningExchange, RunningGateway
from tests.web.signed_client import RefusedError, SignedClient, funded_client
from web.errors import GatewayError
from web.state import mysql_tables
from web.state.mysql_account_history import MysqlAccountHistory

_SYMBOL = "BTCUSDT"
_ALL, _TRADES = "/api/v3/allOrders", "/api/v3/myTrades"
_HEADER = "x-tradeflow-history"


@pytest.fixture(scope="module")
def exchange(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningExchange]:
    """One of this file's own: all that happens in it is in MySQL."""
    with RunningExchange(tmp_path_factory.mktemp("exchange")) as running:
        yield running


@pytest.fixture(scope="module")
def gateway(exchange: RunningExchange) -> Iterator[RunningGateway]:
    """One that has all in memory."""
    with RunningGateway(exchange) as running:
        yield running


@pytest.fixture(scope="module")
def trader(exchange: RunningExchange, gateway: RunningGateway) -> Iterator[SignedClient]:
    """An account with a past, as the gateway with all in memory shows it."""
    client = funded_client(exchange, gateway, "trader")
    taker = funded_client(exchange, gateway, "taker")
    for number in range(12):
        order = limit(client, _SYMBOL, "SELL", "1", "100", newClientOrderId=f"order-{number}")
        market(taker, _SYMBOL, "BUY", quantity=str((number % 3 + 1) / 4))
        if number % 4 == 1:
            amended = {"symbol": _SYMBOL, "orderId": order["orderId"], "newQty": "0.9"}
            client.put(
                f"{ORDER}/amend/keepPriority", newClientOrderId=f"smaller-{number}", **amended
            )
        if number % 2:
            client.delete(ORDER, symbol=_SYMBOL, orderId=order["orderId"])
    limit(client, _SYMBOL, "SELL", "1", "100", timeInForce="IOC")
    limit(client, _SYMBOL, "SELL", "1", "100", icebergQty="0.5", selfTradePreventionMode="NONE")
    market(client, _SYMBOL, "BUY", quantity="0.1", selfTradePreventionMode="NONE")
    stop = {"type": "STOP_LOSS_LIMIT", "stopPrice": "90", "price": "89", "quantity": "1"}
    client.post(ORDER, symbol=_SYMBOL, side="SELL", timeInForce="GTC", **stop)
    client.post("/tradeflow/v1/deposit", coin="BTC", amount="3")
    named = {"address": "away", "withdrawOrderId": "w-1"}
    client.post("/sapi/v1/capital/withdraw/apply", coin="BTC", amount="2", **named)
    yield client
    client.close()
    taker.close()


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MysqlSettings]:
    """A server that this file may stop."""
    with running_mysql(tmp_path_factory.mktemp("mysql")) as server:
        yield fresh_database(server)


def url_of(settings: MysqlSettings) -> str:
    password = settings.password.get_secret_value()
    return f"mysql://{settings.user}:{password}@{settings.address}/{settings.database}"


@pytest.fixture(scope="module")
def forgetful(
    exchange: RunningExchange,
    trader: SignedClient,
    database: MysqlSettings,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[SignedClient]:
    """The same account at a gateway with hardly any memory, and MySQL behind it."""
    settings = {
        "BROKER": exchange.broker.bootstrap,
        "TRADEFLOW_MYSQL_PORT": str(database.port),
        "TRADEFLOW_MYSQL_DATABASE": database.database,
        "TRADEFLOW_WEB_PORT": "0",
    }
    log: Path = tmp_path_factory.mktemp("connector") / "mysql.log"
    small = RunningGateway(exchange, kept_orders=2, past_seconds=0, mysql_url=url_of(database))
    with ConnectorProcess("mysql", log, **settings):
        try:
            client = SignedClient(small.start(), trader.account_id)
            try:
                await_condition(
                    lambda: client.get(_ALL, symbol=_SYMBOL) == trader.get(_ALL, symbol=_SYMBOL),
                    "the history has come",
                )
                yield client
            finally:
                client.close()
        finally:
            small.close()


def test_all_orders_are_told_as_if_from_memory(
    trader: SignedClient, forgetful: SignedClient
) -> None:
    orders = trader.get(_ALL, symbol=_SYMBOL)
    numbers = [each["orderId"] for each in orders]
    times = [each["time"] for each in orders]
    middle = len(numbers) // 2
    wanted: list[dict[str, Any]] = [
        {},
        *({"limit": limit} for limit in (1, 3, len(numbers) - 1)),
        *({"orderId": number} for number in (1, numbers[middle], numbers[middle] + 1, 10_000)),
        {"orderId": numbers[1], "limit": 4},
        {"startTime": times[middle]},
        {"startTime": times[middle], "limit": 2},
        {"endTime": times[middle]},
        {"endTime": times[middle], "limit": 2},
        {"startTime": times[1], "endTime": times[-2]},
    ]
    for each in wanted:
        assert forgetful.get(_ALL, symbol=_SYMBOL, **each) == trader.get(
            _ALL, symbol=_SYMBOL, **each
        ), each


def test_trades_are_told_as_if_from_memory(trader: SignedClient, forgetful: SignedClient) -> None:
    trades = trader.get(_TRADES, symbol=_SYMBOL)
    assert len(trades) > 12
    numbers = [each["id"] for each in trades]
    times = [each["time"] for each in trades]
    middle = len(numbers) // 2
    wanted: list[dict[str, Any]] = [
        {},
        *({"limit": limit} for limit in (1, 5)),
        *({"fromId": number} for number in (0, numbers[middle], 10_000)),
        {"fromId": numbers[1], "limit": 4},
        {"orderId": trades[middle]["orderId"]},
        {"orderId": trades[middle]["orderId"], "fromId": numbers[middle]},
        {"startTime": times[middle]},
        {"endTime": times[middle]},
    ]
    for each in wanted:
        assert forgetful.get(_TRADES, symbol=_SYMBOL, **each) == trader.get(
            _TRADES, symbol=_SYMBOL, **each
        ), each


def test_one_order_and_its_amendments(trader: SignedClient, forgetful: SignedClient) -> None:
    for order in trader.get(_ALL, symbol=_SYMBOL):
        by_id = {"symbol": _SYMBOL, "orderId": order["orderId"]}
        by_name = {"symbol": _SYMBOL, "origClientOrderId": order["clientOrderId"]}
        assert forgetful.get(ORDER, **by_id) == order
        assert forgetful.get(ORDER, **by_name) == order
        told = forgetful.get(f"{ORDER}/amendments", **by_id)
        assert told == trader.get(f"{ORDER}/amendments", **by_id)
    with pytest.raises(RefusedError) as refused:
        forgetful.get(ORDER, symbol=_SYMBOL, orderId=999)
    assert refused.value.said == (400, -2013, "Order does not exist.")


def test_what_happens_now_is_told_once(trader: SignedClient, forgetful: SignedClient) -> None:
    order = limit(forgetful, _SYMBOL, "BUY", "1", "50")
    forgetful.delete(ORDER, symbol=_SYMBOL, orderId=order["orderId"])

    numbers = [each["orderId"] for each in forgetful.get(_ALL, symbol=_SYMBOL)]
    assert numbers.count(order["orderId"]) == 1
    await_condition(
        lambda: trader.get(_ALL, symbol=_SYMBOL) == forgetful.get(_ALL, symbol=_SYMBOL),
        "both tell the same",
    )


def test_money_that_came_and_went(trader: SignedClient, forgetful: SignedClient) -> None:
    for path in ("/sapi/v1/capital/deposit/hisrec", "/sapi/v1/capital/withdraw/history"):
        await_condition(
            lambda path=path: forgetful.get(path) == trader.get(path), "the transfers are there"
        )
    # A withdrawal of long ago is not done again, though the wallet may have forgotten it.
    before = trader.balance("BTC")
    terms = {"coin": "BTC", "amount": "2", "address": "away", "withdrawOrderId": "w-1"}
    told = forgetful.post("/sapi/v1/capital/withdraw/apply", **terms)
    assert told["id"] == trader.get("/sapi/v1/capital/withdraw/history")[-1]["id"]
    assert trader.balance("BTC") == before


def test_no_stranger_gets_anything_out_of_the_history(
    exchange: RunningExchange, trader: SignedClient, forgetful: SignedClient
) -> None:
    order = trader.get(_ALL, symbol=_SYMBOL, limit=1, orderId=1)[0]
    stranger = SignedClient(forgetful.gateway, "taker")
    try:
        for name in (
            {"orderId": order["orderId"]},
            {"origClientOrderId": order["clientOrderId"]},
        ):
            with pytest.raises(RefusedError) as refused:
                stranger.get(ORDER, symbol=_SYMBOL, **name)
            assert refused.value.code == -2013
        theirs = {each["orderId"] for each in stranger.get(_ALL, symbol=_SYMBOL)}
        mine = {each["orderId"] for each in trader.get(_ALL, symbol=_SYMBOL)}
        assert theirs
        assert not theirs & mine
        by_order = {"symbol": _SYMBOL, "orderId": order["orderId"]}
        assert stranger.get(_TRADES, **by_order) == []
        assert stranger.get(f"{ORDER}/amendments", **by_order) == []
    finally:
        stranger.close()


def test_where_there_is_no_history_the_answer_says_so(
    exchange: RunningExchange, trader: SignedClient, forgetful: SignedClient
) -> None:
    in_memory = trader.response("GET", _ALL, symbol=_SYMBOL)
    assert in_memory.headers[_HEADER] == "memory-only"
    assert _HEADER not in forgetful.response("GET", _ALL, symbol=_SYMBOL).headers

    away = RunningGateway(exchange, mysql_url="mysql://nobody:secret@127.0.0.1:1/nothing")
    try:
        client = SignedClient(away.start(), trader.account_id)
        try:
            for path in (_ALL, _TRADES):
                answer = client.response("GET", path, symbol=_SYMBOL)
                assert answer.headers[_HEADER] == "memory-only"
                assert answer.json() == trader.get(path, symbol=_SYMBOL)
        finally:
            client.close()
    finally:
        away.close()


def test_an_address_that_is_none() -> None:
    for url in ("not an address", "postgresql://u:secret@h/d", "mysql://u:secret@h"):
        with pytest.raises(GatewayError) as refused:
            MysqlAccountHistory(url)
        assert "secret" not in f"{refused.value} {refused.value.action}"


def test_the_tables_are_the_connectors() -> None:
    known = {table.name: set(table.columns) for table in connector_tables.DATA}
    for table in (
        mysql_tables.ORDERS,
        mysql_tables.EXECUTIONS,
        mysql_tables.TRADES,
        mysql_tables.TRANSACTIONS,
    ):
        assert {column.name for column in table.columns} <= known[table.name]
