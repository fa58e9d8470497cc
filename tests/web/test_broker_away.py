"""The broker is away: what is in memory is told, what cannot be sent is refused, and what was sent
before is not called done or not done.
"""

import threading
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from schemas.codec import decode
from schemas.topics import ORDERS_COMMANDS, ORDERS_EXECUTIONS, WALLET_COMMANDS
from tests.chaos.exchange import await_condition, read_all
from tests.web.memory_keys import key_of
from tests.web.running_exchange import RunningExchange, RunningGateway
from tests.web.signed_client import RefusedError, SignedClient, funded_client
from tests.web.socket_client import SocketClient, signed
from tests.web.stream_client import StreamClient
from web.binance.catalogue import ENDPOINTS

SYMBOL = "BTCUSDT"
BEGAN_WITH = 10**14
ORDER = "/api/v3/order"
NOT_SENT = (503, -1001, "Internal error; unable to process your request. Please try again.")
UNKNOWN = (
    504,
    -1007,
    "Timeout waiting for response from backend server. "
    "Send status unknown; execution status unknown.",
)
LIMIT = {"type": "LIMIT", "timeInForce": "GTC", "quantity": "1", "price": "100"}
SELL = {"symbol": SYMBOL, "side": "SELL", **LIMIT}
OCO = {
    "symbol": SYMBOL,
    "side": "SELL",
    "quantity": "1",
    "aboveType": "LIMIT_MAKER",
    "abovePrice": "70000",
    "belowType": "STOP_LOSS",
    "belowStopPrice": "50",
}
OLD_OCO = {"symbol": SYMBOL, "side": "SELL", "quantity": "1", "price": "70000", "stopPrice": "50"}
REPLACE = {**SELL, "cancelReplaceMode": "STOP_ON_FAILURE", "cancelOrigClientOrderId": "kept"}
CHANGES: dict[tuple[str, str], dict[str, str]] = {
    ("POST", ORDER): {**SELL, "newClientOrderId": "unsent"},
    ("DELETE", ORDER): {"symbol": SYMBOL, "origClientOrderId": "kept"},
    ("DELETE", "/api/v3/openOrders"): {"symbol": SYMBOL},
    ("POST", f"{ORDER}/cancelReplace"): {**REPLACE, "newClientOrderId": "unsent"},
    ("PUT", f"{ORDER}/amend/keepPriority"): {
        "symbol": SYMBOL,
        "origClientOrderId": "kept",
        "newQty": "0.5",
    },
    ("POST", "/api/v3/orderList/oco"): {**OCO, "listClientOrderId": "unsent"},
    ("POST", f"{ORDER}/oco"): {**OLD_OCO, "listClientOrderId": "unsent"},
    ("DELETE", "/api/v3/orderList"): {"symbol": SYMBOL, "listClientOrderId": "kept-list"},
    ("POST", "/tradeflow/v1/symbol/status"): {"symbol": SYMBOL, "status": "HALT"},
    ("POST", "/tradeflow/v1/deposit"): {"coin": "BTC", "amount": "1"},
    ("POST", "/sapi/v1/capital/withdraw/apply"): {
        "coin": "BTC",
        "amount": "1",
        "address": "x",
        "withdrawOrderId": "unsent",
    },
}
"""A request of everything that changes something, which would be carried out."""
NO_COMMANDS = {
    # Answered by the gateway itself.
    ("POST", f"{ORDER}/test"),
    # Not supported, wherever the broker is.
    *(("POST", f"/api/v3/orderList/{kind}") for kind in ("oto", "otoco", "opo", "opoco")),
    ("POST", "/api/v3/sor/order"),
    ("POST", "/api/v3/sor/order/test"),
    # As POST, but for the status.
    ("DELETE", "/tradeflow/v1/symbol/status"),
}
READS: list[tuple[str, dict[str, str]]] = [
    ("/api/v3/depth", {"symbol": SYMBOL}),
    ("/api/v3/trades", {"symbol": SYMBOL}),
    ("/api/v3/klines", {"symbol": SYMBOL, "interval": "1d"}),
    ("/api/v3/ticker/24hr", {"symbol": SYMBOL}),
    ("/api/v3/ticker/price", {"symbol": SYMBOL}),
    ("/api/v3/ticker/bookTicker", {"symbol": SYMBOL}),
]
SIGNED_READS: list[tuple[str, dict[str, str]]] = [
    ("/api/v3/account", {}),
    ("/api/v3/openOrders", {}),
    ("/api/v3/allOrders", {"symbol": SYMBOL}),
    ("/api/v3/myTrades", {"symbol": SYMBOL}),
    ("/api/v3/openOrderList", {}),
    (ORDER, {"symbol": SYMBOL, "origClientOrderId": "kept"}),
]


@pytest.fixture(scope="module")
def gateway(exchange: RunningExchange) -> Iterator[RunningGateway]:
    """One that waits for a few seconds, so that what is unknown is soon called so."""
    running = RunningGateway(exchange, reply_seconds=15)
    try:
        yield running.start()
    finally:
        running.close()


@pytest.fixture
def trader(exchange: RunningExchange, gateway: RunningGateway) -> Iterator[SignedClient]:
    """With an order that is open, a list, and a trade."""
    client = funded_client(exchange, gateway, "trader", units=BEGAN_WITH)
    client.post(ORDER, **{**SELL, "newClientOrderId": "kept"})
    client.post("/api/v3/orderList/oco", **{**OCO, "listClientOrderId": "kept-list"})
    other = funded_client(exchange, gateway, "other")
    other.post(ORDER, **{**SELL, "side": "BUY", "quantity": "0.25"})
    other.close()
    yield client
    client.close()


def test_everything_that_changes_something_is_asked_here() -> None:
    changes = {(e.method, e.path) for e in ENDPOINTS if e.security.changes_state}

    assert CHANGES.keys() | NO_COMMANDS == changes
    assert not CHANGES.keys() & NO_COMMANDS


@pytest.mark.timeout(360)
def test_it_tells_what_it_knows_and_goes_on_by_itself(
    exchange: RunningExchange, gateway: RunningGateway, trader: SignedClient
) -> None:
    await_condition(lambda: trader.get("/api/v3/openOrderList"), "the list is known")
    await_condition(lambda: len(trader.get("/api/v3/myTrades", symbol=SYMBOL)) == 1, "a trade")
    with (
        StreamClient(f"ws://{gateway.address}/ws/btcusdt@trade") as stream,
        SocketClient(f"ws://{gateway.address}/ws-api/v3") as socket,
    ):
        key = gateway.keys.add(key_of("trader"))
        assert socket.ask("userDataStream.subscribe.signature", **signed(key))["status"] == 200
        await_condition(lambda: knows_the_trade(gateway, trader), "the trade is told everywhere")
        # One that is sent, and not answered any more: nobody can say what becomes of it.
        exchange.workers["matching"].kill()
        _, locked = trader.balance("BTC")
        with InTheBackground(
            lambda: trader.post(ORDER, **{**SELL, "newClientOrderId": "on-its-way"})
        ) as sent:
            # As far as it comes: then nothing changes any more.
            await_condition(lambda: trader.balance("BTC")[1] > locked, "it to be paid for")
            before = answers(gateway, trader)
            exchange.broker.stop()
            await_condition(lambda: health(gateway)[0] == 503, "it is not ready")
        assert sent.refused == UNKNOWN

        assert health(gateway)[1]["live"] is True
        assert answers(gateway, trader) == before
        verify_nothing_is_sent(trader, socket, key)
        # Whether there is such an order only the exchange could say.
        assert refusal(trader, "GET", ORDER, {"symbol": SYMBOL, "orderId": "999"}) == NOT_SENT

        exchange.broker.start()
        exchange.start_stage("matching")
        await_condition(lambda: health(gateway)[0] == 200, "it is ready again")
        verify_it_goes_on(exchange, trader, stream, socket)


def knows_the_trade(gateway: RunningGateway, trader: SignedClient) -> bool:
    """1 and 1 are held, of which a quarter is sold, and paid less its fee."""
    depth, trades, klines, day, *_ = answers(gateway, trader)
    return (
        ["100.00000000", "0.75000000"] in depth["asks"]
        and len(trades) == day["count"] == sum(each[8] for each in klines) == 1
        and trader.balance("BTC")[1] == 175_000_000
        and trader.balance("USDT") == (BEGAN_WITH + 2_497_500_000, 0)
    )


def verify_nothing_is_sent(trader: SignedClient, socket: SocketClient, key: Any) -> None:
    """Over REST and the WebSocket API; answered at once, and not when the time is over."""
    by_place = {(each.method, each.path): each for each in ENDPOINTS}
    for (method, path), parameters in CHANGES.items():
        assert refusal(trader, method, path, parameters) == NOT_SENT, path
        ws_method = by_place[method, path].ws_method
        if ws_method:
            answer = socket.ask(ws_method, **signed(key, **parameters))
            error = answer["error"]
            assert (answer["status"], error["code"], error["msg"]) == NOT_SENT, ws_method


def verify_it_goes_on(
    exchange: RunningExchange, trader: SignedClient, stream: StreamClient, socket: SocketClient
) -> None:
    """Whoever was connected is told what happens; what was refused never happened."""

    def once_answered(method: str, **parameters: str) -> Any:
        """What is said, when it is not any more that nobody knows."""

        def answer() -> Any:
            try:
                return trader.ask(method, ORDER, **{"symbol": SYMBOL, **parameters})
            except RefusedError as refused:
                return None if refused.said in (UNKNOWN, NOT_SENT) else refused.said

        return await_condition(answer, f"an answer to {parameters}", seconds=120)

    def outcome() -> Any:
        shown = once_answered("GET", origClientOrderId="on-its-way")
        return None if isinstance(shown, dict) and shown["status"] == "PENDING_NEW" else shown

    known = await_condition(outcome, "what became of the order", seconds=120)
    answer = once_answered("POST", **{**SELL, "newClientOrderId": "on-its-way"})
    if isinstance(known, dict):
        # Canceled: it took so long that the exchange gave it up.
        assert known["status"] in ("NEW", "CANCELED")
        assert answer == (400, -2010, "Duplicate order sent.")
    else:
        # Given up before it was there: then there never was one.
        assert known == (400, -2013, "Order does not exist.")
        assert answer["status"] == "NEW"
    assert len(placed(exchange, "on-its-way")) == 1
    never = once_answered("GET", origClientOrderId="unsent")
    assert never == (400, -2013, "Order does not exist.")
    for topic in (ORDERS_COMMANDS, WALLET_COMMANDS):
        told = [decode(each.value()) for each in read_all(exchange.broker.bootstrap, topic.name)]
        # To ask for it is no placing of it.
        sent = [each for each in told if "unsent" in str(each) and each[0] != "QueryOrder"]
        assert sent == []

    crossing = {**SELL, "side": "BUY", "quantity": "0.1", "selfTradePreventionMode": "NONE"}
    bought = once_answered("POST", **crossing)
    assert bought["status"] == "FILLED"
    stream.await_message(lambda each: each["t"] == bought["fills"][0]["tradeId"], "the trade")
    socket.take(
        lambda frame: (
            frame["event"].get("i") == bought["orderId"] and frame["event"].get("X") == "FILLED"
        )
    )


class InTheBackground:
    """A request on a thread; ``refused`` is why it was, once the block is left."""

    def __init__(self, ask: Callable[[], Any]) -> None:
        self._ask = ask
        self._thread = threading.Thread(target=self._run, name="request")
        self.refused: tuple[int, int, str] | None = None

    def __enter__(self) -> "InTheBackground":
        self._thread.start()
        return self

    def __exit__(self, *_about: object) -> None:
        self._thread.join()

    def _run(self) -> None:
        try:
            self._ask()
        except RefusedError as refused:
            self.refused = refused.said


def placed(exchange: RunningExchange, name: str) -> list[Any]:
    """All reports that an order of this name was accepted."""
    messages = read_all(exchange.broker.bootstrap, ORDERS_EXECUTIONS.name)
    reports = [record for kind, record in map(_decoded, messages) if kind == "ExecutionReport"]
    return [
        each
        for each in reports
        if each["execution_type"] == "NEW" and each["client_order_id"] == name
    ]


def _decoded(message: Any) -> Any:
    return decode(message.value())


def answers(gateway: RunningGateway, trader: SignedClient) -> list[Any]:
    """What is told of markets and of the account."""
    told: list[Any] = []
    for path, parameters in READS:
        answer = httpx.get(f"{gateway.url}{path}", params=parameters)
        assert answer.status_code == 200, answer.text
        told.append(answer.json())
    return told + [trader.get(path, **parameters) for path, parameters in SIGNED_READS]


def refusal(
    client: SignedClient, method: str, path: str, parameters: dict[str, str]
) -> tuple[int, int, str]:
    with pytest.raises(RefusedError) as refused:
        client.ask(method, path, **parameters)
    return refused.value.said


def health(gateway: RunningGateway) -> tuple[int, Any]:
    answer = httpx.get(f"{gateway.url}/health/ready", timeout=10)
    return answer.status_code, answer.json()
