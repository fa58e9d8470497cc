"""An account whose trades are computed from the log, to hold beside what clients say of them."""

from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal
from typing import Any

from schemas.topics import ORDERS_COMMANDS, ORDERS_EXECUTIONS, TRADES
from tests.chaos.exchange import await_condition
from tests.web.client_trading.log_tail import LogTail
from tests.web.memory_keys import key_of
from tests.web.running_exchange import RunningExchange, RunningGateway
from tests.web.signed_client import SignedClient
from web.auth.api_key import ApiKey
from web.auth.caller import Scope

START = 10**14
"""A million, in minor units: what each account begins with, of either asset."""
_UNIT = Decimal(1).scaleb(-8)
_PPM = Decimal(10**6)

Balances = dict[str, tuple[Decimal, Decimal]]
"""Free and locked by asset."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fill:
    """An account's half of a trade."""

    trade_id: int
    order_id: int
    is_buyer: bool
    is_maker: bool
    price: Decimal
    quantity: Decimal
    fee: Decimal
    fee_asset: str
    time_ms: int

    @property
    def cost(self) -> Decimal:
        """Of the quote asset."""
        return self.price * self.quantity


class Log:
    """The topics that tell of trades."""

    def __init__(self, bootstrap: str) -> None:
        topics = ORDERS_COMMANDS.name, ORDERS_EXECUTIONS.name, TRADES.name
        self.commands, self.executions, self.trades = (LogTail(bootstrap, each) for each in topics)

    def close(self) -> None:
        """Read no more."""
        for tail in (self.commands, self.executions, self.trades):
            tail.close()


class Account:
    """An account that trades one coin for USDT."""

    def __init__(
        self,
        exchange: RunningExchange,
        gateway: RunningGateway,
        log: Log,
        name: str,
        coin: str,
    ) -> None:
        self.name = name
        self.coin = coin
        self.key: ApiKey = gateway.keys.add(key_of(name))
        self.reader: ApiKey = gateway.keys.add(key_of(name, Scope.READ))
        self._log = log
        self._instrument = exchange.instruments[f"{coin}USDT"]
        exchange.open_account(name, units=START, assets=(coin, "USDT"))
        eye = SignedClient(gateway, name)
        await_condition(
            lambda: {eye.balance(asset) for asset in (coin, "USDT")} == {(START, 0)},
            "the money is there",
        )
        eye.close()

    @property
    def fills(self) -> list[Fill]:
        """All that it traded, by the log; the fees are the rates', and the trades are public."""
        public = {
            each["trade_id"]: (each["price_ticks"], each["quantity_lots"])
            for name, each in self._records(self._log.trades)
            if name == "Trade"
        }
        found = []
        for name, report in self._records(self._log.executions):
            if (name, report.get("execution_type")) != ("ExecutionReport", "TRADE"):
                continue
            if report["account_id"] != self.name:
                continue
            traded = report["last_price_ticks"], report["last_quantity_lots"]
            assert public[report["trade_id"]] == traded
            found.append(self._fill(report))
        return found

    @property
    def sent(self) -> int:
        """How many commands it sent that would change something about orders."""
        return sum(
            record.get("account_id") == self.name and name != "QueryOrder"
            for name, record in self._records(self._log.commands)
        )

    def balances(self, *, locked: str = "0", locked_coin: str = "0") -> Balances:
        """What its fills have left of the money that it began with."""
        left = dict.fromkeys((self.coin, "USDT"), START * _UNIT)
        for fill in self.fills:
            sign = 1 if fill.is_buyer else -1
            left[self.coin] += sign * fill.quantity
            left["USDT"] -= sign * fill.cost
            left[fill.fee_asset] -= fill.fee
        held = {"USDT": Decimal(locked), self.coin: Decimal(locked_coin)}
        return {asset: (left[asset] - held[asset], held[asset]) for asset in left}

    def _fill(self, report: dict[str, Any]) -> Fill:
        instrument = self._instrument
        is_buyer, is_maker = report["side"] == "BUY", report["role"] == "MAKER"
        price = report["last_price_ticks"] * Decimal(instrument.tick_size)
        quantity = report["last_quantity_lots"] * Decimal(instrument.lot_size)
        rate = (instrument.maker_rate_ppm if is_maker else instrument.taker_rate_ppm) / _PPM
        fee = ((quantity if is_buyer else quantity * price) * rate).quantize(_UNIT, ROUND_DOWN)
        assert report["commission_units"] * _UNIT == fee
        return Fill(
            trade_id=report["trade_id"],
            order_id=report["order_id"],
            is_buyer=is_buyer,
            is_maker=is_maker,
            price=price,
            quantity=quantity,
            fee=fee,
            fee_asset=self.coin if is_buyer else "USDT",
            time_ms=report["time_ms"],
        )

    def _records(self, tail: LogTail) -> list[tuple[str, dict[str, Any]]]:
        symbol = self._instrument.symbol
        return [each for each in tail.records() if each[1].get("symbol") == symbol]
