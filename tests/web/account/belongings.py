"""An account that has one of everything that an id can name."""

from typing import Any

from tests.chaos.exchange import await_condition
from tests.web.account.orders import ORDER, limit, market
from tests.web.signed_client import SignedClient

_LISTS = "/api/v3/openOrderList"
_PREVENTED = "/api/v3/myPreventedMatches"
_WITHDRAWN = "/sapi/v1/capital/withdraw/history"
_DEPOSITED = "/sapi/v1/capital/deposit/hisrec"
_LISTEN_KEY = "/api/v3/userDataStream"


class Belongings:
    """Orders open and closed, an amendment, trades, a list, transfers, a listen key."""

    def __init__(
        self, client: SignedClient, taker: SignedClient, symbol: str, *, price: str
    ) -> None:
        """``price`` is the best one, so that the taker meets this account and no other."""
        self.client, self.symbol = client, symbol
        prefix = client.account_id
        kept = limit(client, symbol, "SELL", "1", price, newClientOrderId=f"{prefix}-kept")
        market(taker, symbol, "BUY", quantity="0.25")
        amended = client.put(
            f"{ORDER}/amend/keepPriority",
            symbol=symbol,
            orderId=kept["orderId"],
            newQty="0.75",
            newClientOrderId=f"{prefix}-open",
        )
        self.order_id: int = kept["orderId"]
        self.client_order_id: str = amended["amendedOrder"]["clientOrderId"]
        self.execution_id: int = amended["executionId"]
        self._prevent_a_match(price)
        self._place_a_list(f"{prefix}-list")
        self._move_money(f"{prefix}-out")
        self.listen_key: str = client.post(_LISTEN_KEY)["listenKey"]
        trades: Any = await_condition(self._trades, "the trade to be known")
        self.trade_id: int = trades[0]["id"]

    def _trades(self) -> Any:
        return self.client.get("/api/v3/myTrades", symbol=self.symbol)

    def _prevent_a_match(self, price: str) -> None:
        about = {"timeInForce": "IOC", "selfTradePreventionMode": "EXPIRE_TAKER"}
        terms = {"side": "BUY", "type": "LIMIT", "quantity": "0.1", "price": price, **about}
        self.client.post(ORDER, symbol=self.symbol, **terms)
        (match,) = await_condition(self._matches, "the prevented match to be known")
        self.match_id: int = match["preventedMatchId"]

    def _matches(self) -> Any:
        return self.client.get(_PREVENTED, symbol=self.symbol, orderId=self.order_id)

    def _place_a_list(self, name: str) -> None:
        legs = {"aboveType": "LIMIT_MAKER", "abovePrice": "150", "belowType": "STOP_LOSS"}
        terms = {"side": "SELL", "quantity": "1", "belowStopPrice": "50", **legs}
        placed = self.client.post(
            "/api/v3/orderList/oco", symbol=self.symbol, listClientOrderId=name, **terms
        )
        self.list_id: int = placed["orderListId"]
        self.list_name = name
        await_condition(lambda: self.client.get(_LISTS), "the list to be known")

    def _move_money(self, name: str) -> None:
        self.client.post(
            "/sapi/v1/capital/withdraw/apply",
            coin="BTC",
            amount="1",
            address="x",
            withdrawOrderId=name,
        )
        self.withdrawal_name = name
        (withdrawn,) = await_condition(lambda: self.client.get(_WITHDRAWN), "it to be known")
        self.withdrawal_id: str = withdrawn["id"]
        self.deposit_id: str = self.client.get(_DEPOSITED, coin="BTC")[0]["txId"]

    def everything(self) -> list[Any]:
        """All that can be read of it."""
        client, symbol = self.client, self.symbol
        return [
            client.get("/api/v3/allOrders", symbol=symbol),
            client.get("/api/v3/openOrders"),
            self._trades(),
            client.get(f"{ORDER}/amendments", symbol=symbol, orderId=self.order_id),
            self._matches(),
            client.get(_LISTS),
            client.get(_WITHDRAWN),
            client.get(_DEPOSITED),
            sorted(map(str, client.get("/api/v3/account")["balances"])),
        ]
